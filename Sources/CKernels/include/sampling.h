#pragma once
#include "ckernels.h"

/// In-edges of the inner nodes of a part; or edges that were sampled elsewhere, all of which are taken.
typedef struct halo_adjacency {
  /// First edge of each inner node, and one past the last edge.
  const int64_t *indptr;
  /// Relation of each edge, or NULL for one relation.
  const uint16_t *relations;
  /// Part-local id of each edge's source: inner nodes, then halo nodes; or NULL, and `ids` has the global id of each edge's source.
  const uint32_t *indices;
  /// Global ids of the halo nodes, or of the sources.
  const int64_t *ids;
  /// In-edges in the whole graph of the inner nodes and of the halo nodes; without indices, the first has those of the sources.
  const uint32_t *degrees;
  const uint32_t *halo_degrees;
  /// The user's numbers of the inner nodes and of the halo nodes.
  const int64_t *original;
  const int64_t *halo_original;
  /// Global id of the first inner node.
  int64_t first;
  uint32_t inner_count;
  uint32_t halo_count;
} halo_adjacency;

/// The in-edges of one destination and relation, and how many of them are taken.
typedef struct halo_sample {
  /// First edge.
  int64_t begin;
  /// The user's number of the destination.
  uint64_t id;
  /// Edges, and edges taken.
  uint32_t degree;
  uint32_t taken;
  /// Which adjacency holds them.
  uint32_t place;
  uint32_t relation;
} halo_sample;

/// Writes the global ids of the taken sources of `count` samples one after the other, each sample's in the order of its edges,
/// their in-degrees unless `degrees` is NULL, and where each taken edge stands in its adjacency unless `edges` is NULL.
///
/// Edges are drawn without replacement, with the Philox4x32-10 words under keys[relation] at (id, step, 0, 1, ...): up to 128 by
/// R. Floyd's method (in Bentley, "Programming pearls: a sample of brilliance", CACM 30(9), 1987), more by Knuth's selection
/// sampling (The Art of Computer Programming, volume 2, 3.4.2, algorithm S).
void halo_sample_uniform(halo_isa isa, const halo_adjacency *places, const halo_sample *samples, size_t count,
                         const uint64_t *keys, uint32_t step, int64_t *sources, uint32_t *degrees, int64_t *edges);

/// Counts what LABOR-0 takes (Balin, Catalyurek, arXiv 2210.13339): of a node's d edges those with r * d < limit * 2^32, where r is
/// the first Philox word under `key` at (the user's number of the edge's source, step, 0); all of them when d <= limit.
///
/// Sets `taken` of every sample that has more edges than its limit and whose adjacency has indices, and makes its `id` the bit map of
/// what is taken of up to 64 edges. All other samples take what they say. A limit of UINT32_MAX takes all.
void halo_count_labor(halo_isa isa, const halo_adjacency *places, halo_sample *samples, size_t count, uint64_t key,
                      uint32_t step, const uint32_t *limits);

/// Writes what `halo_count_labor` counted, as `halo_sample_uniform` does.
void halo_sample_labor(halo_isa isa, const halo_adjacency *places, const halo_sample *samples, size_t count, uint64_t key,
                       uint32_t step, const uint32_t *limits, int64_t *sources, uint32_t *degrees, int64_t *edges);

/// Asks for the cache line of an address.
static inline void halo_ask_for_line(const void *address) { __builtin_prefetch(address); }
