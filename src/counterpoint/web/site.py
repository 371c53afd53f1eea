"""The site: which address shows what, put under an application that answers everything else."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from counterpoint.web.doctor_page import answer_diagnosis, show_doctor
from counterpoint.web.experiment_page import act, approve, show_experiment, show_standing
from counterpoint.web.holdouts_page import show_holdouts
from counterpoint.web.list_page import launch_hypothesis, plan_hypothesis, show_list
from counterpoint.web.live_page import answer_drift, check_live, show_live
from counterpoint.web.measured_page import show_course, show_interactions, show_novelty, show_power
from counterpoint.web.parked_page import answer_write, show_parked, show_write
from counterpoint.web.ports import Platform
from counterpoint.web.problems import Endpoint, guarded, no_such_page
from counterpoint.web.signing_in import only_known, show_sign_in, sign_in, sign_out
from counterpoint.web.surface_page import show_config, show_surface
from counterpoint.web.timings_page import show_timings

_STATIC = Path(__file__).parent / "static"


def mount_web(app: Starlette, platform: Platform) -> None:
    """Add the web pages to `app`; call it last, because they answer every address that nothing before them does."""
    app.mount("/", _site(platform), name="web")


def _site(platform: Platform) -> Starlette:
    site = Starlette(
        routes=[
            _get("/", show_list),
            _post("/plans", plan_hypothesis),
            _post("/launches", launch_hypothesis),
            _post("/launches/{name}/approvals", approve),
            _post("/launches/{name}/{goal}", act),
            _get("/experiments/{key}", show_experiment),
            _get("/experiments/{key}/standing", show_standing),
            _get("/experiments/{key}/course", show_course),
            _get("/experiments/{key}/novelty", show_novelty),
            _get("/experiments/{key}/interactions", show_interactions),
            _get("/experiments/{key}/power", show_power),
            _get("/doctor", show_doctor),
            _post("/doctor/{name}/{answer}", answer_diagnosis),
            _get("/live", show_live),
            _post("/live/checks", check_live),
            _post("/live/{backend}/{answer}", answer_drift),
            _get("/parked", show_parked),
            _get("/parked/{write}", show_write),
            _post("/parked/{write}/{answer}", answer_write),
            _get("/sign-in", show_sign_in),
            Route("/sign-in", guarded(sign_in), methods=["POST"]),
            Route("/sign-out", guarded(sign_out), methods=["POST"]),
            _get("/surfaces/{surface}", show_surface),
            _get("/surfaces/{surface}/config", show_config),
            _get("/surfaces/{surface}/holdouts", show_holdouts),
            _get("/timings", show_timings),
            Mount("/static", StaticFiles(directory=_STATIC), name="static"),
        ],
        exception_handlers={404: no_such_page, 405: no_such_page},
    )
    site.state.platform = platform
    return site


def _get(path: str, endpoint: Endpoint) -> Route:
    return Route(path, guarded(endpoint), methods=["GET"])


def _post(path: str, endpoint: Endpoint) -> Route:
    # Closed to strangers here, so that a form which forgets to ask who sends it is closed and not open.
    return Route(path, guarded(only_known(endpoint)), methods=["POST"])
