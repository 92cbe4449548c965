// One destination row at a time: the sums of up to STRIP vectors of columns stay in registers while the edges pass by. The
// last vector of a row ends at its last column and may overlap the one before: those columns are computed twice, alike.
// Rows of edges further on are asked for early, past the end of the destination too: its few edges cannot fill the time a
// random row takes (measured: 20.5 instead of 17 GB/s for 400-byte rows of a table that exceeds the caches, which is 97 % of
// what only touching them gives; 0.9–1 times as fast on tables that fit). A row behind a reference needs its reference first,
// which lies at random as well: that is asked for still earlier (measured: 18 instead of 13 GB/s).

#define VECTOR(L) JOIN(NAME(vector), L)
#define ADD_STRIP(L) JOIN(NAME(add_strip), L)

// What all strips of a destination share.
typedef struct NAME(destination) {
  const halo_edges *edges;
  const halo_rows *rows;
  uint32_t begin, end;
  // Edges whose sources may be looked at.
  uint32_t limit;
  size_t row_bytes;
  float scale;
  const float *initial;
  float *out;
} NAME(destination);

static inline __attribute__((always_inline)) const float *NAME(source_row)(const halo_rows *rows, uint32_t source, int indirect) {
  if (!indirect) return (const float *)(rows->base + rows->stride * source);
  uint64_t reference = rows->references[source];
  return (const float *)(rows->bases[reference >> 48] + rows->strides[reference >> 48] * (reference & 0xffffffffffff));
}

static inline __attribute__((always_inline)) float NAME(coefficient)(const halo_edges *edges, uint32_t edge, uint32_t source) {
  float weight = edges->weights ? edges->weights[edge] : 1;
  return edges->scales ? weight * edges->scales[source] : weight;
}

static inline __attribute__((always_inline)) void NAME(ask_for_row)(const NAME(destination) * d, uint32_t edge, int indirect) {
  const uint32_t ahead = d->row_bytes <= 256 ? 32 : 16, far = 4 * ahead;
  if (indirect && d->limit - edge > far) __builtin_prefetch(d->rows->references + d->edges->sources[edge + far]);
  if (d->limit - edge <= ahead) return;
  halo_ask_for((const char *)NAME(source_row)(d->rows, d->edges->sources[edge + ahead], indirect), d->row_bytes);
}

// Columns first + L·b for b in 0 ..< blocks - 1, and the L columns from `last`. `blocks`, `weighted` and `indirect` are
// constants at every call.
#define DEFINE_ADD_STRIP(L)                                                                                                     \
  typedef float VECTOR(L) __attribute__((vector_size(4 * L), aligned(4)));                                                      \
  static inline __attribute__((always_inline)) void ADD_STRIP(L)(const NAME(destination) * d, size_t first, size_t last,        \
                                                                 int blocks, int weighted, int indirect) {                      \
    VECTOR(L) sum[STRIP];                                                                                                       \
    _Pragma("unroll") for (int b = 0; b < blocks; b++) sum[b] = (VECTOR(L)){0};                                                 \
    for (uint32_t e = d->begin; e < d->end; e++) {                                                                              \
      uint32_t source = d->edges->sources[e];                                                                                   \
      const float *row = NAME(source_row)(d->rows, source, indirect);                                                           \
      if (first == 0) NAME(ask_for_row)(d, e, indirect);                                                                        \
      if (weighted) {                                                                                                           \
        float c = NAME(coefficient)(d->edges, e, source);                                                                       \
        _Pragma("unroll") for (int b = 0; b < blocks; b++)                                                                      \
            sum[b] += c * *(const VECTOR(L) *)(row + (b + 1 < blocks ? first + L * b : last));                                  \
      } else {                                                                                                                  \
        _Pragma("unroll") for (int b = 0; b < blocks; b++)                                                                      \
            sum[b] += *(const VECTOR(L) *)(row + (b + 1 < blocks ? first + L * b : last));                                      \
      }                                                                                                                         \
    }                                                                                                                           \
    _Pragma("unroll") for (int b = 0; b < blocks; b++) sum[b] *= d->scale;                                                      \
    /* All initial values are read before anything is written: they may be the output, and the last vector may overlap. */      \
    if (d->initial) {                                                                                                           \
      _Pragma("unroll") for (int b = 0; b < blocks; b++)                                                                        \
          sum[b] = *(const VECTOR(L) *)(d->initial + (b + 1 < blocks ? first + L * b : last)) + sum[b];                         \
    }                                                                                                                           \
    _Pragma("unroll") for (int b = 0; b < blocks; b++) * (VECTOR(L) *)(d->out + (b + 1 < blocks ? first + L * b : last)) = sum[b]; \
  }

DEFINE_ADD_STRIP(4)
#if LANES >= 8
DEFINE_ADD_STRIP(8)
#endif
#if LANES >= 16
DEFINE_ADD_STRIP(16)
#endif

static void NAME(add_columns)(const NAME(destination) * d, size_t width) {
  int weighted = d->edges->weights || d->edges->scales, indirect = d->rows->references != NULL;
  for (size_t c = 0; c < width; c++) {
    float sum = 0;
    for (uint32_t e = d->begin; e < d->end; e++) {
      uint32_t source = d->edges->sources[e];
      float value = NAME(source_row)(d->rows, source, indirect)[c];
      sum += weighted ? NAME(coefficient)(d->edges, e, source) * value : value;
    }
    sum *= d->scale;
    d->out[c] = d->initial ? d->initial[c] + sum : sum;
  }
}

#define STRIP_CASE(L, B) \
  case B: ADD_STRIP(L)(d, first, last, B, weighted, indirect); break;
#define STRIP_CASES_2(L) STRIP_CASE(L, 1) STRIP_CASE(L, 2)
#define STRIP_CASES_12(L)                                                                                                  \
  STRIP_CASES_2(L) STRIP_CASE(L, 3) STRIP_CASE(L, 4) STRIP_CASE(L, 5) STRIP_CASE(L, 6) STRIP_CASE(L, 7) STRIP_CASE(L, 8) \
      STRIP_CASE(L, 9) STRIP_CASE(L, 10) STRIP_CASE(L, 11) STRIP_CASE(L, 12)
#define STRIP_CASES_16(L) \
  STRIP_CASES_12(L) STRIP_CASE(L, 13) STRIP_CASE(L, 14) STRIP_CASE(L, 15) STRIP_CASE(L, 16)

// A row of `width` ≥ LANES columns in as few strips as fit the registers, of equal length.
static inline __attribute__((always_inline)) void NAME(add_row)(const NAME(destination) * d, size_t width, int weighted,
                                                                int indirect) {
  size_t vectors = (width + LANES - 1) / LANES, strips = (vectors + STRIP - 1) / STRIP;
  for (size_t s = 0; s < strips; s++) {
    size_t low = vectors * s / strips, high = vectors * (s + 1) / strips;
    size_t first = low * LANES, last = high * LANES <= width ? (high - 1) * LANES : width - LANES;
    switch (high - low) {
#if STRIP == 16
      STRIP_CASES_16(LANES)
#else
      STRIP_CASES_12(LANES)
#endif
    }
  }
}

// A row of 4 to 15 columns that is narrower than LANES.
#if LANES > 4
static inline __attribute__((always_inline)) void NAME(add_narrow_row)(const NAME(destination) * d, size_t width, int weighted,
                                                                       int indirect) {
  size_t first = 0;
#if LANES > 8
  if (width >= 8) {
    size_t last = width - 8;
    switch (width > 8 ? 2 : 1) { STRIP_CASES_2(8) }
    return;
  }
#endif
  size_t last = width - 4;
  switch (width > 4 ? 2 : 1) { STRIP_CASES_2(4) }
}
#endif

static inline __attribute__((always_inline)) void NAME(add_any_row)(const NAME(destination) * d, size_t width, int weighted,
                                                                    int indirect) {
  if (width >= LANES) {
    NAME(add_row)(d, width, weighted, indirect);
#if LANES > 4
  } else if (width >= 4) {
    NAME(add_narrow_row)(d, width, weighted, indirect);
#endif
  } else {
    NAME(add_columns)(d, width);
  }
}

static void NAME(aggregate)(const halo_edges *edges, const halo_rows *rows, size_t count, size_t width, int mean,
                            const float *initial, size_t initial_count, size_t initial_stride, float *out, size_t out_stride) {
  int weighted = edges->weights || edges->scales, indirect = rows->references != NULL;
  for (size_t i = 0; i < count; i++) {
    uint32_t begin = edges->begin[i], end = edges->end[i];
    NAME(destination) d = {
        .edges = edges,
        .rows = rows,
        .begin = begin,
        .end = end,
        .limit = edges->end[count - 1] > end ? edges->end[count - 1] : end,
        .row_bytes = width * sizeof(float),
        .scale = !mean ? 1 : end > begin ? 1 / (float)(end - begin) : 0,
        .initial = initial && i < initial_count ? initial + initial_stride * i : NULL,
        .out = out + out_stride * i,
    };
    if (weighted) {
      if (indirect) NAME(add_any_row)(&d, width, 1, 1);
      else NAME(add_any_row)(&d, width, 1, 0);
    } else {
      if (indirect) NAME(add_any_row)(&d, width, 0, 1);
      else NAME(add_any_row)(&d, width, 0, 0);
    }
  }
}

#undef VECTOR
#undef ADD_STRIP
#undef DEFINE_ADD_STRIP
#undef STRIP_CASE
#undef STRIP_CASES_2
#undef STRIP_CASES_12
#undef STRIP_CASES_16
