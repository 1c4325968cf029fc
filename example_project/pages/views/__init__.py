"""The pages, a module for each kind. They read the package's models and call its functions."""
