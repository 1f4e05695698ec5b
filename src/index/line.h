/* SPDX-License-Identifier: Apache-2.0
 *
 * line - which cells of a line of 64 bytes hold what is looked for: 32 of 16 bits, or 16 of 32.
 * The processor compares all at once; the scalar twin does the same cell by cell, where there is no
 * such processor and under ThreadSanitizer, which does not see vectors as the atomics that they are
 * made of: a store into a cell is one aligned store, so no reader sees half a cell either way.
 *
 * Only index/ includes this. */
#ifndef INDEX_LINE_H
#define INDEX_LINE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_CELLS = 32, LINE_WIDE_CELLS = 16 };

static inline uint32_t line_match_scalar(const _Atomic uint16_t *cells, uint16_t want,
                                         uint16_t mask)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < LINE_CELLS; i++) {
        uint16_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        found |= (uint32_t)((cell & mask) == want) << i;
    }
    return found;
}

static inline uint32_t line_match_wide_scalar(const _Atomic uint32_t *cells, uint32_t want,
                                              uint32_t mask)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < LINE_WIDE_CELLS; i++) {
        uint32_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        found |= (uint32_t)((cell & mask) == want) << i;
    }
    return found;
}

/* Lines for a new use, while a reader of their last use may still look at them. */
static inline void line_fill(void *at, size_t lines, uint64_t word)
{
    _Atomic uint64_t *words = at;
    for (size_t i = 0; i < lines * 8; i++)
        atomic_store_explicit(&words[i], word, memory_order_relaxed);
}

static inline void line_copy(void *to, const void *from, size_t lines)
{
    _Atomic uint64_t *words = to;
    const _Atomic uint64_t *old = from;
    for (size_t i = 0; i < lines * 8; i++)
        atomic_store_explicit(&words[i], atomic_load_explicit(&old[i], memory_order_relaxed),
                              memory_order_relaxed);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LINE_ATOMS 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define LINE_ATOMS 1
#endif

#if !defined(LINE_ATOMS) && defined(__AVX512BW__)
#define LINE_VECTORS 1
#include <immintrin.h>

static inline uint32_t line_match_vector(const _Atomic uint16_t *cells, uint16_t want,
                                         uint16_t mask)
{
    __m512i line = _mm512_load_si512((const void *)(uintptr_t)cells);
    return _mm512_cmpeq_epi16_mask(_mm512_and_si512(line, _mm512_set1_epi16((short)mask)),
                                   _mm512_set1_epi16((short)want));
}

static inline uint32_t line_match_wide_vector(const _Atomic uint32_t *cells, uint32_t want,
                                              uint32_t mask)
{
    __m512i line = _mm512_load_si512((const void *)(uintptr_t)cells);
    return _mm512_cmpeq_epi32_mask(_mm512_and_si512(line, _mm512_set1_epi32((int)mask)),
                                   _mm512_set1_epi32((int)want));
}
#elif !defined(LINE_ATOMS) && defined(__AVX2__)
#define LINE_VECTORS 1
#include <immintrin.h>

static inline uint32_t line_match_vector(const _Atomic uint16_t *cells, uint16_t want,
                                         uint16_t mask)
{
    const __m256i *line = (const __m256i *)(uintptr_t)cells;
    const __m256i w = _mm256_set1_epi16((short)want), m = _mm256_set1_epi16((short)mask);
    __m256i a = _mm256_cmpeq_epi16(_mm256_and_si256(_mm256_load_si256(line), m), w);
    __m256i b = _mm256_cmpeq_epi16(_mm256_and_si256(_mm256_load_si256(line + 1), m), w);
    __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xd8);
    return (uint32_t)_mm256_movemask_epi8(both);
}

static inline uint32_t line_match_wide_vector(const _Atomic uint32_t *cells, uint32_t want,
                                              uint32_t mask)
{
    const __m256i *line = (const __m256i *)(uintptr_t)cells;
    const __m256i w = _mm256_set1_epi32((int)want), m = _mm256_set1_epi32((int)mask);
    __m256i a = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_load_si256(line), m), w);
    __m256i b = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_load_si256(line + 1), m), w);
    uint32_t low = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a));
    return low | (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(b)) << 8;
}
#elif !defined(LINE_ATOMS) && defined(__SSE2__)
#define LINE_VECTORS 1
#include <emmintrin.h>

static inline uint32_t line_match_vector(const _Atomic uint16_t *cells, uint16_t want,
                                         uint16_t mask)
{
    const __m128i *line = (const __m128i *)(uintptr_t)cells;
    const __m128i w = _mm_set1_epi16((short)want), m = _mm_set1_epi16((short)mask);
    __m128i a = _mm_cmpeq_epi16(_mm_and_si128(_mm_load_si128(line), m), w);
    __m128i b = _mm_cmpeq_epi16(_mm_and_si128(_mm_load_si128(line + 1), m), w);
    __m128i c = _mm_cmpeq_epi16(_mm_and_si128(_mm_load_si128(line + 2), m), w);
    __m128i d = _mm_cmpeq_epi16(_mm_and_si128(_mm_load_si128(line + 3), m), w);
    uint32_t low = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(a, b));
    return low | (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(c, d)) << 16;
}

static inline uint32_t line_match_wide_vector(const _Atomic uint32_t *cells, uint32_t want,
                                              uint32_t mask)
{
    const __m128i *line = (const __m128i *)(uintptr_t)cells;
    const __m128i w = _mm_set1_epi32((int)want), m = _mm_set1_epi32((int)mask);
    __m128i a = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(line), m), w);
    __m128i b = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(line + 1), m), w);
    __m128i c = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(line + 2), m), w);
    __m128i d = _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(line + 3), m), w);
    return (uint32_t)_mm_movemask_epi8(
        _mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)));
}
#endif

/* Bit i: (cells[i] & mask) == want. cells: 64 bytes, aligned so. */
static inline uint32_t line_match(const _Atomic uint16_t *cells, uint16_t want, uint16_t mask)
{
#ifdef LINE_VECTORS
    return line_match_vector(cells, want, mask);
#else
    return line_match_scalar(cells, want, mask);
#endif
}

static inline uint32_t line_match_wide(const _Atomic uint32_t *cells, uint32_t want, uint32_t mask)
{
#ifdef LINE_VECTORS
    return line_match_wide_vector(cells, want, mask);
#else
    return line_match_wide_scalar(cells, want, mask);
#endif
}

#endif
