"""On a run's page in the admin: what the run did not believe to be gone, to be accepted or kept."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from django_spotify_sync.admin.rows import OfAccountAdmin
from django_spotify_sync.exceptions import LossSettled
from django_spotify_sync.models import LargeLoss, SpotifyAccount, SyncRun
from django_spotify_sync.models.losses import Decision
from django_spotify_sync.rest.errors import words_of
from django_spotify_sync.sync import decide_loss

SHOWN = 100  # rows of a loss; all of them are shown by the command


class LossesOfRuns(OfAccountAdmin):
    """The pages of runs, each with its large loss. Who may change accounts may decide."""

    def get_urls(self) -> list[Any]:
        decide = self.admin_site.admin_view(require_POST(self.decide))
        return [
            path("<int:run_id>/loss/", decide, name="spotify_sync_syncrun_loss"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        loss = LargeLoss.objects.of_run(run) if run is not None else None
        return super().change_view(
            request,
            object_id,
            form_url,
            {**(extra_context or {}), **self._said(request, loss, run)},
        )

    def decide(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Accept or keep, and go back to the run's page."""
        run = get_object_or_404(SyncRun, pk=run_id)
        if not self._may_decide(request) or not self.has_view_permission(request, run):
            raise PermissionDenied
        loss = LargeLoss.objects.of_run(run)
        decision = request.POST.get("decision")
        if loss is None or decision not in Decision.values:
            return HttpResponseNotFound()
        try:
            decide_loss(loss, decision)
        except LossSettled as error:
            self.message_user(request, words_of(error), messages.ERROR)
        else:
            words = (
                gettext("Kept: they stay in the library.")
                if decision == Decision.KEEP
                else gettext("Accepted: the next sync removes them.")
            )
            self.log_change(request, run, words)
            self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(reverse(self._url_of(SyncRun, "change"), args=[run.pk]))

    def _said(
        self, request: HttpRequest, loss: LargeLoss | None, run: SyncRun | None
    ) -> dict[str, Any]:
        """Return what the page says of a loss, and what may be chosen."""
        if loss is None or run is None:
            return {}
        is_open = loss.settled_at is None and self._may_decide(request)
        lost = list(loss.rows.in_order()[:SHOWN])
        left = loss.total - len(lost)
        return {
            "loss": loss,
            "lost": lost,
            "more": gettext("and %d more") % left if left > 0 else "",
            "choices": [one for one in Decision.values if is_open and one != loss.decision],
            "loss_url": reverse(self._url_of(SyncRun, "loss"), args=[run.pk]),
        }

    def _may_decide(self, request: HttpRequest) -> bool:
        return bool(
            request.user.has_perm(f"{SpotifyAccount._meta.app_label}.change_spotifyaccount")
        )
