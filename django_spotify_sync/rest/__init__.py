"""REST: a file a thing, beside what all of them share.

Each view translates in, calls one function, translates out. The JSON is as the public contract gives it.
"""
