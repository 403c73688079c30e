from django.urls import path

from calibration.views import audits, compare, make_study, plans, reports, rubrics, runs

urlpatterns = [
    path("collections/<slug:slug>/study/", make_study.study_make, name="study-make"),
    path("plan/", plans.plans, name="plans"),
    path("plan/<int:pk>/", plans.plan, name="plan"),
    path("plan/<int:pk>/delete/", plans.plan_delete, name="plan-delete"),
    path("plan/<int:pk>/plan.<slug:format>", plans.plan_figure, name="plan-figure"),
    path("scorers/", audits.scorers, name="scorers"),
    path("rubrics/", rubrics.rubrics, name="rubrics"),
    path("rubrics/<int:pk>/", rubrics.rubric, name="rubric"),
    path("studies/<slug:slug>/scores/", audits.scores, name="scores"),
    path("studies/<slug:slug>/score/", runs.runs, name="runs"),
    path("studies/<slug:slug>/score/<slug:kind>/", runs.run_new, name="run-new"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/start/", runs.run_start, name="run-start"),
    path("runs/<int:pk>/stop/", runs.run_stop, name="run-stop"),
    path("runs/<int:pk>/delete/", runs.run_delete, name="run-delete"),
    path("runs/<int:pk>/replies.jsonl", runs.run_replies, name="run-replies"),
    path("studies/<slug:slug>/audits/", audits.audits, name="audits"),
    path("audits/compare/", compare.audit_compare, name="audit-compare"),
    path("audits/compare/compare.json", compare.audit_compare_json, name="audit-compare-json"),
    path("audits/compare/compare.<slug:format>", compare.audit_compare_figure, name="audit-compare-figure"),
    path("audits/<int:pk>/", audits.audit, name="audit"),
    path("audits/<int:pk>/cancel/", audits.audit_cancel, name="audit-cancel"),
    path("audits/<int:pk>/scorers/", audits.audit_scorers, name="audit-scorers"),
    path("audits/<int:pk>/audit.json", reports.audit_json, name="audit-json"),
    path("audits/<int:pk>/report.html", reports.audit_report, name="audit-report"),
    path("audits/<int:pk>/tables/<slug:name>.csv", reports.audit_table, name="audit-table"),
    path("audits/<int:pk>/figures/<slug:name>.<slug:format>", reports.audit_figure, name="audit-figure"),
]
