from django.urls import path

from calibration.views import audits

urlpatterns = [
    path("scorers/", audits.scorers, name="scorers"),
    path("studies/<slug:slug>/scores/", audits.scores, name="scores"),
    path("studies/<slug:slug>/audits/", audits.audits, name="audits"),
    path("audits/<int:pk>/", audits.audit, name="audit"),
    path("audits/<int:pk>/audit.json", audits.audit_json, name="audit-json"),
    path("audits/<int:pk>/report.html", audits.audit_report, name="audit-report"),
]
