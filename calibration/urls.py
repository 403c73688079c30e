from django.urls import path

from calibration.views import audits, plans

urlpatterns = [
    path("plan/", plans.plans, name="plans"),
    path("plan/<int:pk>/", plans.plan, name="plan"),
    path("plan/<int:pk>/delete/", plans.plan_delete, name="plan-delete"),
    path("plan/<int:pk>/plan.<slug:format>", plans.plan_figure, name="plan-figure"),
    path("scorers/", audits.scorers, name="scorers"),
    path("studies/<slug:slug>/scores/", audits.scores, name="scores"),
    path("studies/<slug:slug>/audits/", audits.audits, name="audits"),
    path("audits/<int:pk>/", audits.audit, name="audit"),
    path("audits/<int:pk>/audit.json", audits.audit_json, name="audit-json"),
    path("audits/<int:pk>/report.html", audits.audit_report, name="audit-report"),
]
