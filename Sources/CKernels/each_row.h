// Rows one after the other: copied, blended into others, summed.

static void TYPED(copy_rows)(const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales, float *out,
                             size_t out_stride) {
  size_t row_bytes = NAME(row_bytes)(rows, width);
  for (size_t i = 0; i < count; i++) {
    const char *row = NAME(next_row)(rows, first, i, count, row_bytes);
    __attribute__((unused)) float row_scale = ROW_SCALE(row, rows);
    float *target = out + out_stride * i;
    size_t c = 0;
    if (scales) {
      float scale = scales[first + i];
      for (; c + LANES <= width; c += LANES) *(VECTOR(LANES) *)(target + c) = TIMES_ROW_SCALE(VALUES(LANES, row, c)) * scale;
      for (; c < width; c++) target[c] = TIMES_ROW_SCALE(VALUE(row, c)) * scale;
    } else {
      for (; c + LANES <= width; c += LANES) *(VECTOR(LANES) *)(target + c) = TIMES_ROW_SCALE(VALUES(LANES, row, c));
      for (; c < width; c++) target[c] = TIMES_ROW_SCALE(VALUE(row, c));
    }
  }
}

static void TYPED(blend_rows)(const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales,
                              const float *factors, float *out, size_t out_stride) {
  size_t row_bytes = NAME(row_bytes)(rows, width);
  for (size_t i = 0; i < count; i++) {
    const char *row = NAME(next_row)(rows, first, i, count, row_bytes);
    __attribute__((unused)) float row_scale = ROW_SCALE(row, rows);
    float *target = out + out_stride * i;
    float scale = scales[i], factor = factors[i];
    size_t c = 0;
    for (; c + LANES <= width; c += LANES) {
      VECTOR(LANES) *values = (VECTOR(LANES) *)(target + c);
      *values = scale * *values + factor * TIMES_ROW_SCALE(VALUES(LANES, row, c));
    }
    for (; c < width; c++) target[c] = scale * target[c] + factor * TIMES_ROW_SCALE(VALUE(row, c));
  }
}

static void TYPED(sum_rows)(const halo_rows *rows, size_t first, size_t count, size_t width, float *sums) {
  size_t row_bytes = NAME(row_bytes)(rows, width);
  for (size_t i = 0; i < count; i++) {
    const char *row = NAME(next_row)(rows, first, i, count, row_bytes);
    __attribute__((unused)) float row_scale = ROW_SCALE(row, rows);
    VECTOR(8) eight = {0};
    size_t c = 0;
    for (; c + 8 <= width; c += 8) eight += TIMES_ROW_SCALE(VALUES(8, row, c));
    float two[2];
    for (int k = 0; k < 2; k++) two[k] = (eight[k] + eight[k + 4]) + (eight[k + 2] + eight[k + 6]);
    float sum = two[0] + two[1];
    for (; c < width; c++) sum += TIMES_ROW_SCALE(VALUE(row, c));
    sums[i] = sum;
  }
}
