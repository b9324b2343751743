"""/limits: how much there may be of everything, and how much of it is used."""

from __future__ import annotations

from dataclasses import asdict

from litestar import Router, get
from litestar.di import NamedDependency

from reelwright.access import projects, used_limits
from reelwright.access.caller import asking
from reelwright.api.context import Services
from reelwright.api.openapi import key_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.keeping import KeepRulesOut
from reelwright.api.schemas.limits import LimitOut, LimitsPage, UsedLimitsOut
from reelwright.api.service_limits import bounds
from reelwright.db.ownership import project_of_new
from reelwright.library import retention


@get("/limits", summary="List limits", operation_class=operation(responses={200: key_examples.ALL_LIMITS}))
async def list_limits(services: NamedDependency[Services]) -> LimitsPage:
    """Those of the service, with the setting that changes each and the status of who is beyond it; and those of the key
    that asks and of its project, with what is used of them now; and for how long
    its project keeps what comes."""
    service = [LimitOut(**asdict(bound)) for bound in bounds(services.settings)]
    async with services.sessions() as session:
        keep = KeepRulesOut.in_force(await retention.rules_of(session, project_of_new(), services.keep_rules))
        if (request := asking()) is None or services.keyring is None:
            return LimitsPage(service=service, key=None, project=None, keep=keep, queue_share=None)
        of_project, of_key = await used_limits.used(session, request.holder)
        queue_share = await projects.queue_share(session, request.holder.project_id)
    requests = services.keyring.rates.used(request)
    return LimitsPage(
        service=service,
        key=UsedLimitsOut.of(request.holder.limits, of_key.with_requests(requests.get("key-requests"))),
        project=UsedLimitsOut.of(
            request.holder.project_limits, of_project.with_requests(requests.get("project-requests"))
        ),
        keep=keep,
        queue_share=queue_share,
    )


router = Router("/", route_handlers=[list_limits], tags=["service"])
