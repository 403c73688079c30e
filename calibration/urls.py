from django.urls import path

from calibration import views

urlpatterns = [
    path("scorers/", views.scorers, name="scorers"),
    path("studies/<slug:slug>/scores/", views.scores, name="scores"),
    path("studies/<slug:slug>/audits/", views.audits, name="audits"),
    path("audits/<int:pk>/", views.audit, name="audit"),
    path("audits/<int:pk>/audit.json", views.audit_json, name="audit-json"),
    path("audits/<int:pk>/report.html", views.audit_report, name="audit-report"),
]
