"""The loops of a graph: an edit that goes there and back by one line is none, the engine knows its own writes."""

from collections.abc import Iterator

from syncline.checks.cycles.graph import Edge, Graph, Node

_MOST_LOOPS = 500
_MOST_STEPS = 20_000


def loops(graph: Graph) -> Iterator[Iterator[tuple[Edge, ...]]]:
    """For each part of the graph whose fields set each other off, its elementary loops, the shortest first found."""
    for component in _components(graph):
        hubs = {node.owner for node in component if node.owner.startswith("entity ")}
        automated = any(
            edge.kind == "automation" and edge.target in component
            for node in component
            for edge in graph.edges.get(node, ())
        )
        fields = sum(node.owner.startswith("entity ") for node in component)
        # One field of one entity in several systems is a star: whatever goes round in it goes there and back.
        if fields > 1 or len(hubs) > 1 or automated:
            yield _elementary(graph, component)


def _elementary(graph: Graph, component: frozenset[Node]) -> Iterator[tuple[Edge, ...]]:
    order = {node: index for index, node in enumerate(sorted(component, key=lambda node: (node.owner, node.name)))}
    found = steps = 0
    for start, lowest in order.items():
        todo: list[tuple[Node, tuple[Edge, ...]]] = [(start, ())]
        while todo:
            steps += 1
            if found >= _MOST_LOOPS or steps > _MOST_STEPS:
                return
            node, path = todo.pop()
            passed = {edge.source for edge in path}
            for edge in graph.edges.get(node, ()):
                if path and path[-1].line is not None and path[-1].line is edge.line:
                    continue  # back by the line by which it came: an echo
                if edge.target == start:
                    if not _echo(path, edge):
                        found += 1
                        yield (*path, edge)
                elif edge.target in component and order[edge.target] > lowest and edge.target not in passed:
                    todo.append((edge.target, (*path, edge)))


def _echo(path: tuple[Edge, ...], last: Edge) -> bool:
    """Whether the loop is closed by the line by which it began."""
    return not path or (path[0].line is not None and path[0].line is last.line)


def _components(graph: Graph) -> Iterator[frozenset[Node]]:
    """The strongly connected components of more than one node (Tarjan, without recursion)."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    for root in graph.edges:
        if root in index:
            continue
        work: list[tuple[Node, int]] = [(root, 0)]
        while work:
            node, position = work.pop()
            if position == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            targets = graph.edges.get(node, [])
            for at in range(position, len(targets)):
                target = targets[at].target
                if target not in index:
                    work.append((node, at + 1))
                    work.append((target, 0))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                if low[node] == index[node]:
                    members = set()
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        members.add(member)
                        if member == node:
                            break
                    if len(members) > 1:
                        yield frozenset(members)
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
