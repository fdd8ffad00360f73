"""Names of routes: the template that an application has found for a request, never its path.

Frameworks leave what they have found in the scope; none of them is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .web_requests import UNMATCHED

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping


def route_of(scope: MutableMapping[str, Any], mounted: str | None, app: object) -> str:
    """Give the template of the route that was found, with those of what it is mounted in."""
    here: str = scope.get("root_path", "")
    route = scope.get("route")
    # A mount has an application, and an inner route has an end.
    is_mount = hasattr(route, "app") and not hasattr(route, "endpoint")
    path: object = None if is_mount else getattr(route, "path", None)
    # FastAPI's own route does not know under which prefix its router was included.
    inner = scope.get("fastapi")
    if inner:
        included = getattr(inner.get("effective_route_context"), "path", None)
        if isinstance(path, str) and isinstance(included, str) and included.endswith(path):
            path = included
    # Without a mount, the root is the server's or FastAPI's own.
    root: str = scope.get("app_root_path", here) if mounted is None else mounted
    if not isinstance(path, str):
        # A mounted application without routes, such as static files.
        path = "/{path}" if here != root else _plain(app, scope.get("endpoint"))
    if here == root:
        return path or "/"
    # Without parameters it is its own template.
    prefix = here[len(root) :]
    if scope.get("path_params"):
        prefix = _mounts(_routes_of(app), prefix) or "/{mount}"
    return prefix + path


def _routes_of(app: Any) -> Any:
    """Find the routes of an application that is wrapped in middleware."""
    found = (one for one in within(app) if hasattr(one, "routes"))
    return getattr(next(found, None), "routes", ())


def within(app: Any) -> Iterator[Any]:
    """Give an application, and each that it wraps."""
    seen: set[int] = set()
    while app is not None and id(app) not in seen:
        seen.add(id(app))
        yield app
        app = getattr(app, "app", None)


def _flat(routes: Any) -> Iterator[Any]:
    """Give the routes of a router, and those of what it contains without a path."""
    for candidate in routes:
        # FastAPI's routers are included with a prefix.
        route = getattr(candidate, "starlette_route", None) or candidate
        included = getattr(route, "effective_candidates", None)
        if included is not None:
            yield from _flat(included())
        elif hasattr(route, "routes") and not hasattr(route, "path_regex"):  # Starlette's hosts.
            yield from _flat(route.routes)
        else:
            yield route


def _plain(app: object, endpoint: object) -> str:
    """Give the template of a route that FastAPI does not name, such as that of its documents."""
    if endpoint is None:
        return UNMATCHED
    routes = _flat(_routes_of(app))
    found = {route.path for route in routes if getattr(route, "endpoint", None) is endpoint}
    return found.pop() if len(found) == 1 else UNMATCHED


def _mounts(routes: Any, matched: str) -> str | None:
    """Give the templates of the mounts that have matched the beginning of a path."""
    for route in _flat(routes):
        inner = getattr(route, "routes", None)
        if inner is None:
            continue
        match = route.path_regex.match(matched + "/")
        if match is not None:
            rest = match["path"].rstrip("/")
            deeper = _mounts(inner, "/" + rest) if rest else ""
            return None if deeper is None else route.path + deeper
    return None
