// One destination row at a time: the sums of up to STRIP vectors of columns stay in registers while the edges pass by. The
// last vector of a row ends at its last column and may overlap the one before: those columns are computed twice, alike.
// Stored elements are widened as they are read; with a row scale the product of the two is the element.

#define ADD_STRIP(L) JOIN(TYPED(add_strip), L)

// Columns first + L·b for b in 0 ..< blocks - 1, and the L columns from `last`. `blocks`, `weighted` and `indirect` are
// constants at every call.
#define DEFINE_ADD_STRIP(L)                                                                                                     \
  static inline __attribute__((always_inline)) void ADD_STRIP(L)(const NAME(destination) * d, size_t first, size_t last,        \
                                                                 int blocks, int weighted, int indirect) {                      \
    VECTOR(L) sum[STRIP];                                                                                                       \
    _Pragma("unroll") for (int b = 0; b < blocks; b++) sum[b] = (VECTOR(L)){0};                                                 \
    for (uint32_t e = d->begin; e < d->end; e++) {                                                                              \
      uint32_t source = d->edges->sources[e];                                                                                   \
      const char *row = NAME(row)(d->rows, source, indirect);                                                                   \
      __attribute__((unused)) float row_scale = ROW_SCALE(row, d->rows);                                                        \
      if (first == 0) NAME(ask_for_row)(d, e, indirect);                                                                        \
      if (weighted) {                                                                                                           \
        float c = NAME(coefficient)(d->edges, e, source);                                                                       \
        _Pragma("unroll") for (int b = 0; b < blocks; b++)                                                                      \
            sum[b] += c * TIMES_ROW_SCALE(VALUES(L, row, b + 1 < blocks ? first + L * b : last));                               \
      } else {                                                                                                                  \
        _Pragma("unroll") for (int b = 0; b < blocks; b++)                                                                      \
            sum[b] += TIMES_ROW_SCALE(VALUES(L, row, b + 1 < blocks ? first + L * b : last));                                   \
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

static void TYPED(add_columns)(const NAME(destination) * d, size_t width) {
  int weighted = d->edges->weights || d->edges->scales, indirect = d->rows->references != NULL;
  for (size_t c = 0; c < width; c++) {
    float sum = 0;
    for (uint32_t e = d->begin; e < d->end; e++) {
      uint32_t source = d->edges->sources[e];
      const char *row = NAME(row)(d->rows, source, indirect);
      __attribute__((unused)) float row_scale = ROW_SCALE(row, d->rows);
      float value = TIMES_ROW_SCALE(VALUE(row, c));
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
static inline __attribute__((always_inline)) void TYPED(add_row)(const NAME(destination) * d, size_t width, int weighted,
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
static inline __attribute__((always_inline)) void TYPED(add_narrow_row)(const NAME(destination) * d, size_t width, int weighted,
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

static inline __attribute__((always_inline)) void TYPED(add_any_row)(const NAME(destination) * d, size_t width, int weighted,
                                                                    int indirect) {
  if (width >= LANES) {
    TYPED(add_row)(d, width, weighted, indirect);
#if LANES > 4
  } else if (width >= 4) {
    TYPED(add_narrow_row)(d, width, weighted, indirect);
#endif
  } else {
    TYPED(add_columns)(d, width);
  }
}

static void TYPED(aggregate)(const halo_edges *edges, const halo_rows *rows, size_t count, size_t width, int mean,
                            const float *initial, size_t initial_count, size_t initial_stride, float *out, size_t out_stride) {
  int weighted = edges->weights || edges->scales, indirect = rows->references != NULL;
  size_t row_bytes = NAME(row_bytes)(rows, width);
  uint32_t ahead = row_bytes <= 256 ? 32 : 16;
  for (size_t i = 0; i < count; i++) {
    uint32_t begin = edges->begin[i], end = edges->end[i];
    NAME(destination) d = {
        .edges = edges,
        .rows = rows,
        .begin = begin,
        .end = end,
        .limit = edges->end[count - 1] > end ? edges->end[count - 1] : end,
        .ahead = ahead,
        .row_bytes = row_bytes,
        .scale = !mean ? 1 : end > begin ? 1 / (float)(end - begin) : 0,
        .initial = initial && i < initial_count ? initial + initial_stride * i : NULL,
        .out = out + out_stride * i,
    };
#if IN_MATRICES
    if (!indirect) {
      if (weighted) TYPED(add_any_row)(&d, width, 1, 0);
      else TYPED(add_any_row)(&d, width, 0, 0);
      continue;
    }
    indirect = 1;
#endif
    if (weighted) TYPED(add_any_row)(&d, width, 1, indirect);
    else TYPED(add_any_row)(&d, width, 0, indirect);
  }
}

#undef ADD_STRIP
#undef DEFINE_ADD_STRIP
#undef STRIP_CASE
#undef STRIP_CASES_2
#undef STRIP_CASES_12
#undef STRIP_CASES_16
