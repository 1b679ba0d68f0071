/* Matching a few typed letters against many names: each blank-separated word must be found as a subsequence.
 * Pure. */
#ifndef FULMAR_MODEL_FUZZY_H
#define FULMAR_MODEL_FUZZY_H

#include <glib.h>

/* How well pattern fits candidate: -1 = not, else higher is better; an empty pattern fits all with 0. Case is
 * ignored. Linear in the candidate for each word of the pattern. An exact match beats a prefix, a prefix a
 * word's beginning, that a run of letters, that scattered ones. */
int fuzzy_score(const char *pattern, const char *candidate);

#endif
