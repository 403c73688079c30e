from django.urls import path

from annotation.views import (
    console,
    crowd,
    endings,
    extension,
    figures,
    flow,
    languages,
    live,
    members,
    people,
    person,
    recruiters,
    rights,
    steps,
    tasks,
    webhooks,
)

crowd_urls = [
    path("s/<slug:slug>/", crowd.door, name="door"),
    path("s/<slug:slug>/instructions/", crowd.instructions, name="instructions"),
    path("s/<slug:slug>/comprehension/", steps.comprehension, name="comprehension"),
    path("s/<slug:slug>/practice/", steps.practice, name="practice"),
    path("s/<slug:slug>/practice/<int:number>/", steps.practice_feedback, name="practice-feedback"),
    path("s/<slug:slug>/survey/", steps.survey, name="survey"),
    path("s/<slug:slug>/survey/after/", steps.survey_after, name="survey-after"),
    path("s/<slug:slug>/task/", tasks.next_task, name="next-task"),
    path("s/<slug:slug>/task/<int:position>/", tasks.task, name="task"),
    path("s/<slug:slug>/stop/", endings.stop, name="stop"),
    path("s/<slug:slug>/done/", endings.done, name="done"),
]

recruiter_urls = [
    path("recruiters/prolific/", webhooks.prolific, name="prolific-webhook"),
]

console_urls = [
    path("", console.studies, name="studies"),
    path("studies/new/", console.study_new, name="study-new"),
    path("studies/<slug:slug>/", console.study, name="study"),
    path("studies/<slug:slug>/settings/", console.study_settings, name="study-settings"),
    path("studies/<slug:slug>/settings/<slug:language>/", languages.study_language, name="study-language"),
    path("studies/<slug:slug>/state/", console.study_state, name="study-state"),
    path("studies/<slug:slug>/items/<int:pk>/", console.item, name="item"),
    path("studies/<slug:slug>/figures/<slug:name>.<slug:format>", figures.figure, name="figure"),
    path("studies/<slug:slug>/export/", console.study_export, name="study-export"),
    path("studies/<slug:slug>/recruitment/", recruiters.recruitment, name="recruitment"),
    path("studies/<slug:slug>/recruitment/invitations/", recruiters.invitations, name="invitations"),
    path(
        "studies/<slug:slug>/recruitment/invitations/<int:pk>/revoke/",
        recruiters.invitation_revoke,
        name="invitation-revoke",
    ),
    path("studies/<slug:slug>/recruitment/prolific/", recruiters.prolific_review, name="prolific-review"),
    path("studies/<slug:slug>/steps/", flow.steps, name="steps"),
    path("studies/<slug:slug>/steps/replies/", flow.replies, name="replies"),
    path("studies/<slug:slug>/steps/see/<str:step>/", flow.step_preview, name="step-preview"),
    path("studies/<slug:slug>/steps/questions/new/<str:place>/", flow.question_new, name="question-new"),
    path("studies/<slug:slug>/steps/questions/usual/<str:place>/", flow.preset, name="question-preset"),
    path("studies/<slug:slug>/steps/questions/<int:pk>/", flow.question, name="question"),
    path("studies/<slug:slug>/steps/checks/new/<str:purpose>/", flow.check_new, name="check-new"),
    path("studies/<slug:slug>/steps/checks/<int:pk>/", flow.check, name="check"),
    path("studies/<slug:slug>/progress/", live.progress, name="progress"),
    path("studies/<slug:slug>/extend/", extension.extend, name="extend"),
    path("studies/<slug:slug>/pay/", live.pay_settings, name="pay-settings"),
    path("studies/<slug:slug>/pay.csv", live.pay_file, name="pay-file"),
    path("studies/<slug:slug>/members/", members.members, name="members"),
    path("studies/<slug:slug>/log/", members.log, name="log"),
    path("studies/<slug:slug>/data/", rights.data, name="data"),
    path("studies/<slug:slug>/data/retention/", rights.retention, name="data-retention"),
    path("studies/<slug:slug>/data/purge/", rights.purge, name="data-purge"),
    path("studies/<slug:slug>/data/find/", rights.find, name="data-find"),
    path("studies/<slug:slug>/delete/", rights.delete, name="study-delete"),
    path("studies/<slug:slug>/people/<path:code>/data/", rights.person_data, name="person-data"),
    path("studies/<slug:slug>/people/<path:code>/erase/", rights.person_erase, name="person-erase"),
    path("studies/<slug:slug>/people/", people.people, name="people"),
    path("studies/<slug:slug>/limits/", people.people_limits, name="people-limits"),
    path("studies/<slug:slug>/top-up/", people.people_top_up, name="people-top-up"),
    # After what begins alike: the codes of imported people may hold a slash.
    path("studies/<slug:slug>/people/<path:code>/", person.person, name="person"),
]

urlpatterns = crowd_urls + recruiter_urls + console_urls
