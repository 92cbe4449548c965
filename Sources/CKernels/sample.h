// What all copies of the sampling kernels share: numbers only, no vectors.
#pragma once
#include "sampling.h"

#include <string.h>

enum {
  /// Samples whose picks are made, and whose cache lines are asked for, before the first of them is read.
  window = 32,
  /// Above this many of a node's edges, selection sampling is cheaper than Floyd's method.
  floyd_limit = 128,
  /// Words of the bit map of the positions picked of a node; those of a node with more edges are kept in a sorted list.
  map_words = 64,
  line_bytes = 64,
};

/// Appends sources to the output.
typedef struct sample_writer {
  int64_t *sources;
  uint32_t *degrees;
  /// Where the edges stand in their adjacency; NULL, known when the kernels are compiled, where that is not asked.
  int64_t *edges;
} sample_writer;

static inline int is_part_of(const halo_sample *s) { return s->taken < s->degree; }

/// Writes edge `edge`.
static inline __attribute__((always_inline)) void write_edge(const halo_adjacency *place, int64_t edge, sample_writer *to) {
  static const int64_t none[1] = {0};
  const uint32_t source = place->indices[edge];
  // Both sides are computed and one is chosen: which sources are halo nodes cannot be predicted.
  const uint32_t inner = place->inner_count;
  const int is_halo = source >= inner;
  const int64_t halo = (place->halo_count ? place->ids : none)[is_halo ? source - inner : 0];
  *to->sources++ = is_halo ? halo : place->first + source;
  if (to->degrees) *to->degrees++ = *(is_halo ? place->halo_degrees + (source - inner) : place->degrees + source);
  if (to->edges) *to->edges++ = edge;
}

/// Writes all edges of a sample.
static inline __attribute__((always_inline)) void write_all(const halo_adjacency *place, const halo_sample *s, sample_writer *to) {
  if (place->indices) {
    for (uint32_t e = 0; e < s->taken; e++) write_edge(place, s->begin + e, to);
    return;
  }
  if (to->edges)
    for (uint32_t e = 0; e < s->taken; e++) *to->edges++ = s->begin + e;
  memcpy(to->sources, place->ids + s->begin, sizeof(int64_t) * s->taken);
  to->sources += s->taken;
  if (!to->degrees) return;
  memcpy(to->degrees, place->degrees + s->begin, sizeof(uint32_t) * s->taken);
  to->degrees += s->taken;
}

/// Asks for the edges of a sample, when there are so few that most of their lines are read.
static inline void ask_for_edges(const halo_adjacency *places, const halo_sample *s) {
  const uint32_t *indices = places[s->place].indices;
  if (!indices || s->taken == 0 || s->degree > 64) return;
  const char *line = (const char *)(indices + s->begin);
  const char *last = (const char *)(indices + s->begin + s->degree) - 1;
  for (; line < last; line += line_bytes) halo_ask_for_line(line);
  halo_ask_for_line(last);
}

/// Asks for the users' numbers of a sample's sources, whose edges have arrived.
static inline void ask_for_originals(const halo_adjacency *places, const halo_sample *s, const uint32_t *limits) {
  const halo_adjacency *place = places + s->place;
  if (!place->indices || s->degree > 64 || s->degree <= limits[s->relation]) return;
  for (uint32_t e = 0; e < s->degree; e++) {
    const uint32_t source = place->indices[s->begin + e];
    halo_ask_for_line(source < place->inner_count ? place->original + source : place->halo_original + (source - place->inner_count));
  }
}

static inline __attribute__((always_inline)) void philox(uint64_t key, uint64_t id, uint32_t step, uint32_t block, uint32_t words[4]) {
  uint32_t x0 = (uint32_t)id, x1 = (uint32_t)(id >> 32), x2 = step, x3 = block;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = (uint64_t)x0 * 0xD2511F53, p1 = (uint64_t)x2 * 0xCD9E8D57;
    x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
    x1 = (uint32_t)p1;
    x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
    x3 = (uint32_t)p0;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  words[0] = x0, words[1] = x1, words[2] = x2, words[3] = x3;
}

/// Position number `count` of a sample: the next word's, or `bound` where that is taken already.
static inline uint32_t picked(const uint64_t map[], uint32_t drawn, uint32_t bound) {
  return map[drawn >> 6] >> (drawn & 63) & 1 ? bound : drawn;
}

/// Floyd's method for nodes with more than 64 edges: positions in increasing order, their lines asked for.
static inline void pick_far(const halo_sample *s, const uint32_t *edges, const uint64_t *draws, size_t stride, uint32_t *positions) {
  const uint32_t base = s->degree - s->taken;
  if (s->degree <= 64 * map_words) {
    const uint32_t words = (s->degree + 63) / 64;
    uint64_t map[map_words];
    memset(map, 0, sizeof(uint64_t) * words);
    for (uint32_t j = 0; j < s->taken; j++) {
      const uint32_t position = picked(map, (uint32_t)draws[stride * j], base + j);
      map[position >> 6] |= 1ull << (position & 63);
      halo_ask_for_line(edges + position);
    }
    for (uint32_t w = 0; w < words; w++)
      for (uint64_t bits = map[w]; bits; bits &= bits - 1) *positions++ = 64 * w + (uint32_t)__builtin_ctzll(bits);
    return;
  }
  for (uint32_t j = 0; j < s->taken; j++) {
    const uint32_t drawn = (uint32_t)draws[stride * j];
    uint32_t slot = j;
    while (slot > 0 && positions[slot - 1] > drawn) slot--;
    if (slot > 0 && positions[slot - 1] == drawn) {
      positions[j] = base + j;  // Above every position so far.
    } else {
      for (uint32_t k = j; k > slot; k--) positions[k] = positions[k - 1];
      positions[slot] = drawn;
    }
  }
  for (uint32_t j = 0; j < s->taken; j++) halo_ask_for_line(edges + positions[j]);
}

static inline __attribute__((always_inline)) void select_edges(const halo_adjacency *place, const halo_sample *s, uint64_t key,
                                                               uint32_t step, sample_writer to) {
  uint32_t words[4], taken = 0;
  for (uint32_t position = 0; taken < s->taken; position++) {
    if ((position & 3) == 0) philox(key, s->id, step, position >> 2, words);
    if ((uint64_t)words[position & 3] * (s->degree - position) >> 32 >= s->taken - taken) continue;
    write_edge(place, s->begin + position, &to);
    taken++;
  }
}

/// Selection sampling, each edge written as it is taken. A call, and `to` by value: else its loop takes registers from those for fewer edges.
static __attribute__((noinline)) void write_selected(const halo_adjacency *place, const halo_sample *s, uint64_t key, uint32_t step,
                                                     sample_writer to) {
  if (to.edges) {
    select_edges(place, s, key, step, to);
  } else {
    select_edges(place, s, key, step, (sample_writer){to.sources, to.degrees, NULL});
  }
}

/// Goes on after the edges of a sample.
static inline __attribute__((always_inline)) void skip(const halo_sample *s, sample_writer *to) {
  to->sources += s->taken;
  if (to->degrees) to->degrees += s->taken;
  if (to->edges) to->edges += s->taken;
}
