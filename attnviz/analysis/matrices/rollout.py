"""Attention through several layers: rollout and flow (Abnar & Zuidema 2020, "Quantifying Attention Flow").

Both look at the layers as a graph: a node for each token and layer, and from every node of a layer edges to all nodes
of the layer below, as strong as half the mean of the layer's heads, and half the residual connection:
Â_l = ½ · mean over heads of A_l + ½ · I. Rows are tokens of the last layer, columns are tokens of the input.
"""

from collections import deque
from collections.abc import Iterable
from functools import reduce
from itertools import pairwise

import numpy as np

from attnviz.encoder.products import of_many_rows
from attnviz.errors import InputError, UsageError

Residual = list[dict[int, float]]


def rollout(attention: Iterable[Iterable[np.ndarray]]) -> np.ndarray:
    """R = Â_L ··· Â_1, (n, n) float64: a share of each input token in each token of the last layer; rows sum to 1.

    The later layer multiplies from the left (Abnar & Zuidema 2020, section 3).

    Args:
        attention: (n_layers, n_heads, n, n) weights, the first layer first; one head at a time is enough.

    Raises:
        UsageError: queries and keys are different tokens.
        InputError: weights that are negative or not finite.
    """
    layers = (with_residual(layer, "rollout") for layer in attention)
    return np.asarray(reduce(lambda product, mixed: of_many_rows(mixed, product), layers))


def flow(attention: np.ndarray) -> np.ndarray:
    """Maximum flow from each token of the last layer to each input token, (n, n) float64; rows divided by their sum.

    Capacities are Â; each pair of tokens is a flow of its own (Abnar & Zuidema 2020, section 3). There are n² of them
    through n_layers n² edges: about 4 s for 6 layers of 40 tokens, and 16 times as long for twice the tokens.

    Args:
        attention: (n_layers, n_heads, n, n) weights, the first layer first.

    Raises:
        UsageError: queries and keys are different tokens.
        InputError: weights that are negative or not finite.
    """
    capacities = np.stack([with_residual(layer, "flow") for layer in attention])
    n_layers, n, _ = capacities.shape
    flows = np.zeros((n, n))
    for sink in range(n):
        graph = _layered(capacities, sink)
        for query in range(n):
            flows[query, sink] = maximum_flow(graph, n_layers * n + query, sink)
    return np.asarray(flows / flows.sum(axis=-1, keepdims=True))


def with_residual(heads: Iterable[np.ndarray], method: str) -> np.ndarray:
    """Â of a layer, (n, n) float64, from its heads; rows sum to 1, and one without any attention is all residual.

    Raises:
        UsageError: queries and keys are different tokens.
        InputError: weights that are negative or not finite.
    """
    total, n_heads = np.zeros(()), 0
    for head in heads:
        n_queries, n_keys = head.shape
        if n_queries != n_keys:
            raise UsageError(
                f"{method}: there are {n_queries} queries and {n_keys} keys; expected attention of tokens to themselves"
            )
        if not (np.isfinite(head).all() and (head >= 0).all()):
            raise InputError(f"{method}: some weights are negative or not finite; expected attention weights")
        total = np.add(total, head, out=total) if n_heads else head.astype(np.float64)
        n_heads += 1
    total /= 2 * n_heads
    total[np.diag_indices_from(total)] += 0.5
    total /= total.sum(axis=-1, keepdims=True)
    return total


def _layered(capacities: np.ndarray, sink: int) -> Residual:
    """The layered graph as adjacency: node l n + i is token i above layer l - 1; the input is l = 0.

    The sink is the only input token in it, as other tokens lead nowhere.
    """
    n_layers, n, _ = capacities.shape
    graph: Residual = [{} for _ in range((n_layers + 1) * n)]
    for layer, rows in enumerate(capacities.tolist()):
        for i, row in enumerate(rows, start=(layer + 1) * n):
            for j, capacity in enumerate(row, start=layer * n):
                if capacity > 0 and (layer > 0 or j == sink):
                    graph[i][j] = capacity
                    graph[j][i] = 0.0
    return graph


def maximum_flow(graph: Residual, source: int, sink: int) -> float:
    """The maximum flow by Dinic's algorithm (1970): shortest paths are filled until none is left.

    Kept on measured grounds: networkx 3.6 (19 MB) takes 9 to 13 times as long by its quickest algorithm, and its own
    ``dinitz`` fails on capacities that are not whole; SciPy's ``maximum_flow`` accepts only whole ones.

    Args:
        graph: for each node its edges, node to capacity; every edge has one the other way, perhaps of capacity 0.
        source: where it comes from.
        sink: where it goes, another node.
    """
    residual = [dict(edges) for edges in graph]
    # No more can leave the source or enter the sink: once that much flows, no further search is needed.
    bound = min(sum(graph[source].values()), sum(graph[node][sink] for node in graph[sink]))
    total = 0.0
    while total < bound and (levels := _levels(residual, source, sink)):
        total += _fill(residual, levels, source, sink)
    return total


def _levels(residual: Residual, source: int, sink: int) -> list[int] | None:
    """Each node's distance to the sink, -1 without one or if not nearer than the source; None without a path."""
    levels = [-1] * len(residual)
    levels[sink] = 0
    waiting = deque([sink])
    while waiting:
        node = waiting.popleft()
        level = levels[node] + 1
        for before in residual[node]:
            if levels[before] < 0 and residual[before][node] > 0:
                levels[before] = level
                if before == source:
                    return levels
                waiting.append(before)
    return None


def _fill(residual: Residual, levels: list[int], source: int, sink: int) -> float:
    """Sends what goes along edges that come one nearer to the sink, until each such path is full; returns how much."""
    untried = [list(edges) for edges in residual]
    total, path = 0.0, [source]
    while path:
        node = path[-1]
        if node == sink:
            steps = list(pairwise(path))
            amount = min(residual[u][v] for u, v in steps)
            for u, v in steps:
                residual[u][v] -= amount
                residual[v][u] += amount
            total, path = total + amount, [source]
            continue
        ahead, nearer, edges = untried[node], levels[node] - 1, residual[node]
        while ahead and not (levels[ahead[-1]] == nearer and edges[ahead[-1]] > 0):
            ahead.pop()
        if ahead:
            path.append(ahead[-1])
        else:  # a dead end, also for whoever comes here later
            path.pop()
            if path:
                untried[path[-1]].pop()
    return total
