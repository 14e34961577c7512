"""Where the people's half is found, below /p/<slug>/."""

from django.urls import path

from annotation.views import data, review, settle

app_name = "annotation"
urlpatterns = [
    path("review/", review.review, name="review"),
    path("review/submit/", review.review_submit, name="review-submit"),
    path("review/skip/", review.review_skip, name="review-skip"),
    path("review/undo/", review.review_undo, name="review-undo"),
    path("review/draft/", review.review_draft, name="review-draft"),
    path("review/heartbeat/", review.review_heartbeat, name="review-heartbeat"),
    path("review/release/", review.review_release, name="review-release"),
    path("disputed/", settle.disputed, name="disputed"),
    path("items/<uuid:uuid>/settle/", settle.item_settle, name="item-settle"),
    path("items/<uuid:uuid>/", data.item, name="item"),
    path("data/", data.data, name="data"),
    path("import/", data.import_file, name="import"),
    path("import/<int:pk>/", data.upload, name="upload"),
    path("freeze/", data.freeze, name="freeze"),
    path("guidelines/", data.guidelines, name="guidelines"),
]
