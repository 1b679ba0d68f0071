/* g_test_init for tests that throw dice (g_test_rand_int and the like): they fall alike each time, so that a
 * red run can be repeated. $FULMAR_SEED=NUMBER throws others. */
#ifndef FULMAR_TESTS_DICE_H
#define FULMAR_TESTS_DICE_H

#include <glib.h>

static inline void
dice_init(int argc, char **argv)
{
	static char seed[64]; /* GLib keeps it */
	const char *other = g_getenv("FULMAR_SEED");
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	char **args;

	/* As GLib writes seeds: four numbers of 32 bits. */
	g_snprintf(seed, sizeof seed, "--seed=R02S%032" G_GINT64_MODIFIER "x",
	           other ? g_ascii_strtoull(other, NULL, 10) : 1);
	for (int i = 0; i < argc; i++)
		g_ptr_array_add(words, argv[i]);
	g_ptr_array_insert(words, 1, seed);
	g_ptr_array_add(words, NULL);
	args = (char **)words->pdata;
	argc++;
	g_test_init(&argc, &args, NULL);
}

#endif
