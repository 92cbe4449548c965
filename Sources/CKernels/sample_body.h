// Several Philox blocks at once, one in each 64-bit lane, as in dropout_body.h. Integers only: every copy gives the same picks.

#define WORDS (LANES / 2)
typedef uint64_t NAME(lanes) __attribute__((vector_size(8 * WORDS)));
typedef int64_t NAME(choice) __attribute__((vector_size(8 * WORDS)));

static inline __attribute__((always_inline)) void NAME(blocks)(NAME(lanes) key, NAME(lanes) id, uint32_t step, uint32_t block,
                                                               NAME(lanes) words[4]) {
  const NAME(lanes) low = (NAME(lanes)){0} + 0xffffffff;
  NAME(lanes) x0 = id & low, x1 = id >> 32, x2 = (NAME(lanes)){0} + step, x3 = (NAME(lanes)){0} + block;
  NAME(lanes) k0 = key & low, k1 = key >> 32;
  _Pragma("unroll") for (int round = 0; round < 10; round++) {
    NAME(lanes) p0 = (x0 & low) * 0xD2511F53, p1 = (x2 & low) * 0xCD9E8D57;
    x0 = (p1 >> 32) ^ x1 ^ k0;
    x2 = (p0 >> 32) ^ x3 ^ k1;
    x1 = p1 & low;
    x3 = p0 & low;
    k0 = (k0 + 0x9E3779B9) & low;
    k1 = (k1 + 0xBB67AE85) & low;
  }
  words[0] = x0, words[1] = x1, words[2] = x2, words[3] = x3;
}

// The samples of one group, a lane each; lanes past the last take nothing.
typedef struct {
  NAME(lanes) key, id, base, taken;
  uint32_t most;
} NAME(group);

static inline __attribute__((always_inline)) NAME(group) NAME(gather)(const halo_sample *samples, const uint8_t *list, size_t count,
                                                                      const uint64_t *keys) {
  NAME(group) g = {{0}, {0}, {0}, {0}, 0};
  uint64_t key[WORDS] = {0}, id[WORDS] = {0}, base[WORDS] = {0}, taken[WORDS] = {0};
  for (size_t l = 0; l < count; l++) {
    const halo_sample *s = samples + list[l];
    key[l] = keys[s->relation], id[l] = s->id, base[l] = s->degree - s->taken, taken[l] = s->taken;
    if (s->taken > g.most) g.most = s->taken;
  }
  memcpy(&g.key, key, sizeof key), memcpy(&g.id, id, sizeof id), memcpy(&g.base, base, sizeof base), memcpy(&g.taken, taken, sizeof taken);
  return g;
}

// Floyd's method with at most 64 edges a node: the picked positions are the bits of one word a lane, and nothing branches.
static inline __attribute__((always_inline)) void NAME(pick_near)(const halo_sample *samples, const uint8_t *list, size_t count,
                                                                  const uint64_t *keys, uint32_t step, uint64_t *maps) {
  const NAME(lanes) low = (NAME(lanes)){0} + 0xffffffff, one = (NAME(lanes)){0} + 1;
  for (size_t first = 0; first < count; first += WORDS) {
    const size_t members = count - first < WORDS ? count - first : WORDS;
    const NAME(group) g = NAME(gather)(samples, list + first, members, keys);
    NAME(lanes) map = {0}, words[4], number = {0}, bound = g.base;
    for (uint32_t block = 0; 4 * block < g.most; block++) {
      NAME(blocks)(g.key, g.id, step, block, words);
      _Pragma("unroll") for (int w = 0; w < 4; w++) {
        NAME(lanes) drawn = ((words[w] & low) * ((bound + 1) & low)) >> 32;
        NAME(lanes) hit = 0 - ((map >> (drawn & 63)) & one);
        NAME(lanes) position = drawn ^ ((drawn ^ bound) & hit);
        map |= (one << (position & 63)) & (NAME(lanes))(number < g.taken);
        number += 1;
        bound += 1;
      }
    }
    for (size_t l = 0; l < members; l++) maps[list[first + l]] = map[l];
  }
}

static inline __attribute__((always_inline)) void NAME(pick_far)(const halo_adjacency *places, const halo_sample *samples,
                                                                 const uint8_t *list, size_t count, const uint64_t *keys, uint32_t step,
                                                                 uint32_t (*positions)[floyd_limit]) {
  const NAME(lanes) low = (NAME(lanes)){0} + 0xffffffff;
  NAME(lanes) draws[floyd_limit + 3];
  for (size_t first = 0; first < count; first += WORDS) {
    const size_t members = count - first < WORDS ? count - first : WORDS;
    const NAME(group) g = NAME(gather)(samples, list + first, members, keys);
    NAME(lanes) words[4], bound = g.base;
    for (uint32_t block = 0; 4 * block < g.most; block++) {
      NAME(blocks)(g.key, g.id, step, block, words);
      _Pragma("unroll") for (int w = 0; w < 4; w++) {
        bound += 1;
        draws[4 * block + (uint32_t)w] = ((words[w] & low) * (bound & low)) >> 32;
      }
    }
    for (size_t l = 0; l < members; l++) {
      const halo_sample *s = samples + list[first + l];
      pick_far(s, places[s->place].indices + s->begin, (const uint64_t *)draws + l, WORDS, positions[list[first + l]]);
    }
  }
}

static inline __attribute__((always_inline)) void NAME(write_uniform)(const halo_adjacency *places, const halo_sample *samples,
                                                                      size_t count, const uint64_t *keys, uint32_t step,
                                                                      sample_writer to) {
  uint64_t maps[window];
  uint32_t positions[window][floyd_limit];
  for (size_t i = 0; i < window && i < count; i++) ask_for_edges(places, samples + i);
  for (size_t first = 0; first < count; first += window) {
    const halo_sample *batch = samples + first;
    const size_t members = count - first < window ? count - first : window;
    uint8_t near[window], far[window];
    size_t near_count = 0, far_count = 0;
    for (size_t i = 0; i < members; i++) {
      const int partly = is_part_of(batch + i) && batch[i].taken <= floyd_limit;
      near[near_count] = (uint8_t)i, near_count += partly && batch[i].degree <= 64;
      far[far_count] = (uint8_t)i, far_count += partly && batch[i].degree > 64;
    }
    NAME(pick_near)(batch, near, near_count, keys, step, maps);
    NAME(pick_far)(places, batch, far, far_count, keys, step, positions);
    for (size_t i = 0; i < members; i++) {
      const halo_sample *s = batch + i;
      const halo_adjacency *place = places + s->place;
      if (first + i + window < count) ask_for_edges(places, s + window);
      if (!is_part_of(s)) {
        write_all(place, s, &to);
      } else if (s->taken > floyd_limit) {
        write_selected(place, s, keys[s->relation], step, to);
        skip(s, &to);
      } else if (s->degree <= 64) {
        uint64_t bits = maps[i];
        for (uint32_t j = 0; j < s->taken; j++, bits &= bits - 1)
          write_edge(place, s->begin + __builtin_ctzll(bits), &to);
      } else {
        for (uint32_t j = 0; j < s->taken; j++) write_edge(place, s->begin + positions[i][j], &to);
      }
    }
  }
}

// Each is compiled once without edges, which must cost nothing there, and once with them.
static void NAME(sample_uniform)(const halo_adjacency *places, const halo_sample *samples, size_t count, const uint64_t *keys,
                                 uint32_t step, int64_t *sources, uint32_t *degrees) {
  NAME(write_uniform)(places, samples, count, keys, step, (sample_writer){sources, degrees, NULL});
}

static void NAME(sample_uniform_edges)(const halo_adjacency *places, const halo_sample *samples, size_t count, const uint64_t *keys,
                                       uint32_t step, int64_t *sources, uint32_t *degrees, int64_t *edges) {
  NAME(write_uniform)(places, samples, count, keys, step, (sample_writer){sources, degrees, edges});
}

// Bit l: whether edge `edge + l` of a sample is taken, for the next `members` of its edges.
static inline __attribute__((always_inline)) uint32_t NAME(labor_bits)(const halo_adjacency *place, const halo_sample *s, uint64_t key,
                                                                       uint32_t step, uint32_t limit, uint32_t edge, uint32_t members) {
  uint64_t ids[WORDS] = {0};
  for (uint32_t l = 0; l < members; l++) {
    const uint32_t source = place->indices[s->begin + edge + l];
    ids[l] = (uint64_t)*(source < place->inner_count ? place->original + source : place->halo_original + (source - place->inner_count));
  }
  NAME(lanes) id, words[4];
  memcpy(&id, ids, sizeof ids);
  NAME(blocks)((NAME(lanes)){0} + key, id, step, 0, words);
  const NAME(choice) taken = (words[0] & 0xffffffff) * s->degree < (NAME(lanes)){0} + ((uint64_t)limit << 32);
  uint32_t bits = 0;
  for (uint32_t l = 0; l < members; l++) bits |= (uint32_t)(taken[l] & 1) << l;
  return bits;
}

static void NAME(count_labor)(const halo_adjacency *places, halo_sample *samples, size_t count, uint64_t key, uint32_t step,
                              const uint32_t *limits) {
  for (size_t i = 0; i < window && i < count; i++) ask_for_edges(places, samples + i);
  for (size_t i = 0; i < count; i++) {
    halo_sample *s = samples + i;
    const halo_adjacency *place = places + s->place;
    const uint32_t limit = limits[s->relation];
    if (i + window < count) ask_for_edges(places, s + window);
    if (i + window / 2 < count) ask_for_originals(places, s + window / 2, limits);
    if (!place->indices || s->degree <= limit) continue;
    uint64_t map = 0;
    uint32_t taken = 0;
    for (uint32_t edge = 0; edge < s->degree; edge += WORDS) {
      const uint32_t members = s->degree - edge < WORDS ? s->degree - edge : WORDS;
      const uint32_t bits = NAME(labor_bits)(place, s, key, step, limit, edge, members);
      taken += (uint32_t)__builtin_popcount(bits);
      map |= (uint64_t)bits << (edge & 63);
    }
    s->taken = taken;
    s->id = map;
  }
}

static inline __attribute__((always_inline)) void NAME(write_labor)(const halo_adjacency *places, const halo_sample *samples,
                                                                    size_t count, uint64_t key, uint32_t step, const uint32_t *limits,
                                                                    sample_writer to) {
  for (size_t i = 0; i < count; i++) {
    const halo_sample *s = samples + i;
    const halo_adjacency *place = places + s->place;
    if (i + window < count) ask_for_edges(places, s + window);
    if (!is_part_of(s)) {
      write_all(place, s, &to);
      continue;
    }
    if (s->degree <= 64) {
      for (uint64_t bits = s->id; bits; bits &= bits - 1) write_edge(place, s->begin + __builtin_ctzll(bits), &to);
      continue;
    }
    for (uint32_t edge = 0; edge < s->degree; edge += WORDS) {
      const uint32_t members = s->degree - edge < WORDS ? s->degree - edge : WORDS;
      uint32_t bits = NAME(labor_bits)(place, s, key, step, limits[s->relation], edge, members);
      for (; bits; bits &= bits - 1) write_edge(place, s->begin + edge + __builtin_ctz(bits), &to);
    }
  }
}

static void NAME(sample_labor)(const halo_adjacency *places, const halo_sample *samples, size_t count, uint64_t key, uint32_t step,
                               const uint32_t *limits, int64_t *sources, uint32_t *degrees) {
  NAME(write_labor)(places, samples, count, key, step, limits, (sample_writer){sources, degrees, NULL});
}

static void NAME(sample_labor_edges)(const halo_adjacency *places, const halo_sample *samples, size_t count, uint64_t key,
                                     uint32_t step, const uint32_t *limits, int64_t *sources, uint32_t *degrees, int64_t *edges) {
  NAME(write_labor)(places, samples, count, key, step, limits, (sample_writer){sources, degrees, edges});
}

#undef WORDS
