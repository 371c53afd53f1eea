"""Checks of the page dry run: empty pages, variants that change nothing, or more than their author declared."""

from collections.abc import Iterator

from counterpoint.agents.checks.findings import asked_once, error, info, not_known, warning
from counterpoint.agents.ports import PagePreview, World
from counterpoint.config import Surface
from counterpoint.experiments import ExperimentSpec, Unknown
from counterpoint.vocabulary import Finding

MORE_EMPTY = 0.001
"""Pages that a variant may leave empty beyond control's, as a share, before it is refused."""


def page_preview(spec: ExperimentSpec, world: World) -> PagePreview | Unknown:
    """Return the dry run of a spec, made once per validation."""
    if world.preview is None:
        return Unknown(code="no_preview_port", reason="no page can be composed here")
    port = world.preview
    return asked_once(world, f"preview|{spec.model_dump_json()}", lambda: port.preview(spec))


def check_pages(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse variants that leave pages empty or change more than was declared; warn about those that change none."""
    del surface
    preview = page_preview(spec, world)
    if isinstance(preview, Unknown):
        yield not_known("variants", "what the variants do to pages", preview)
        return
    control = preview.arms[0]
    for index, arm in enumerate(preview.arms[1:], start=1):
        if arm.share_empty > control.share_empty + MORE_EMPTY:
            message = f"'{arm.variant}' leaves {arm.share_empty:.2%} of pages empty, control {control.share_empty:.2%}"
            yield error("empties_pages", f"variants.{index}", message, share_empty=arm.share_empty)
        if spec.max_pages_changed is not None and arm.share_changed > spec.max_pages_changed:
            said = f"'{arm.variant}' changes {arm.share_changed:.1%} of {preview.n_pages:,} pages ({preview.source})"
            message = f"{said}, and at most {spec.max_pages_changed:.1%} were declared"
            yield error("changes_more_than_declared", "max_pages_changed", message, share_changed=arm.share_changed)
        if arm.share_changed == 0:
            yield warning(
                "changes_no_page",
                f"variants.{index}",
                f"'{arm.variant}' changes none of {preview.n_pages:,} pages ({preview.source})",
            )
    reached = ", ".join(f"'{a.variant}' {a.share_changed:.1%}" for a in preview.arms[1:])
    message = (
        f"of {preview.n_pages:,} pages ({preview.source}) {preview.trigger_rate:.1%} read what the experiment sets; "
        f"changed: {reached}"
    )
    yield info("page_dry_run", "variants", message, trigger_rate=preview.trigger_rate, n_pages=preview.n_pages)
