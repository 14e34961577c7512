"""Where the machines' half is found, below /p/<slug>/."""

from django.urls import path

from training.views import rounds, snapshots, versions

app_name = "training"
urlpatterns = [
    path("snapshots/", snapshots.snapshots, name="snapshots"),
    path("snapshots/<str:digest>/", snapshots.snapshot, name="snapshot"),
    path("snapshots/<str:digest>/export/<slug:format>/", snapshots.snapshot_export, name="snapshot-export"),
    path("snapshots/<str:digest>/manifest/<slug:format>/", snapshots.snapshot_manifest, name="snapshot-manifest"),
    path("snapshots/<str:digest>/open-round/", rounds.round_open, name="round-open"),
    path("rounds/", rounds.rounds, name="rounds"),
    path("rounds/<int:number>/", rounds.round_page, name="round"),
    path("rounds/<int:number>/progress/", rounds.round_progress, name="round-progress"),
    path("rounds/<int:number>/cancel/", rounds.round_cancel, name="round-cancel"),
    path("rounds/<int:number>/log/", rounds.round_log, name="round-log"),
    path("rounds/<int:number>/raw/<slug:suite>/<slug:key>/", rounds.round_raw, name="round-raw"),
    path("versions/", versions.versions, name="versions"),
    path("versions/<int:number>/promote/", versions.version_promote, name="version-promote"),
]
