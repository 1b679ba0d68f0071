/* Runs a fuzz target without libFuzzer: over the files of its seed folder, then over a fixed number of seeded
 * mutations of them (bits, cuts, doubled stretches, dictionary words). Prints TAP; a crash or a sanitizer
 * report is the failure. usage: fuzz-NAME SEEDS DICTIONARY [COUNT [SEED]]
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GPtrArray *
read_seeds(const char *dir)
{
	GPtrArray *seeds = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	GDir *d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		char *text;
		gsize len;

		if (g_file_get_contents(path, &text, &len, NULL))
			g_ptr_array_add(seeds, g_bytes_new_take(text, len));
	}
	if (d)
		g_dir_close(d);
	if (!seeds->len)
		g_ptr_array_add(seeds, g_bytes_new_static("x", 1));
	return seeds;
}

/* Dictionary lines as libFuzzer takes them: name="text\x00\"" or "text". */
static GPtrArray *
read_words(const char *path)
{
	GPtrArray *words = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return words;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		char *open = strchr(*l, '"'), *close = strrchr(*l, '"');
		g_autoptr(GString) word = g_string_new(NULL);

		if (**l == '#' || !open || close == open)
			continue;
		for (char *p = open + 1; p < close; p++) {
			if (*p == '\\' && p[1] == 'x' && p + 3 < close) {
				g_string_append_c(word, (char)(g_ascii_xdigit_value(p[2]) * 16 +
				                               g_ascii_xdigit_value(p[3])));
				p += 3;
			} else if (*p == '\\' && p + 1 < close) {
				g_string_append_c(word, *++p);
			} else {
				g_string_append_c(word, *p);
			}
		}
		g_ptr_array_add(words, g_bytes_new(word->str, word->len));
	}
	return words;
}

static void
mutate(GByteArray *input, GRand *rand, GPtrArray *words)
{
	guint at = input->len ? (guint)g_rand_int_range(rand, 0, (gint32)input->len) : 0;
	guint n =
	        input->len > at ? (guint)g_rand_int_range(rand, 1, (gint32)MIN(input->len - at, 64u) + 1) : 0;
	gsize len;
	const guint8 *word;

	switch (g_rand_int_range(rand, 0, 5)) {
	case 0:
		if (n)
			input->data[at] ^= (guint8)(1 << g_rand_int_range(rand, 0, 8));
		break;
	case 1:
		if (n)
			input->data[at] = (guint8)g_rand_int_range(rand, 0, 256);
		break;
	case 2:
		if (n)
			g_byte_array_remove_range(input, at, n);
		break;
	case 3:
		if (n && input->len < 65536) {
			g_autofree guint8 *copy = g_memdup2(input->data + at, n);
			g_byte_array_append(input, copy, n);
		}
		break;
	default:
		if (!words->len || input->len > 65536)
			break;
		word = g_bytes_get_data(words->pdata[g_rand_int_range(rand, 0, (gint32)words->len)], &len);
		g_byte_array_set_size(input, input->len + (guint)len);
		memmove(input->data + at + len, input->data + at, input->len - at - len);
		memcpy(input->data + at, word, len);
	}
}

int
main(int argc, char **argv)
{
	GPtrArray *seeds = read_seeds(argc > 1 ? argv[1] : ".");
	GPtrArray *words = read_words(argc > 2 ? argv[2] : "");
	int count = argc > 3 ? atoi(argv[3]) : 20000;
	guint32 seed = argc > 4 ? (guint32)strtoul(argv[4], NULL, 10) : 1;
	g_autofree char *name = g_path_get_basename(argv[0]);
	GRand *rand = g_rand_new_with_seed(seed);

	g_print("1..1\n# %u seeds, %u words, %d mutations, seed %u\n", seeds->len, words->len, count, seed);
	for (guint i = 0; i < seeds->len; i++) {
		gsize len;
		const guint8 *bytes = g_bytes_get_data(seeds->pdata[i], &len);

		LLVMFuzzerTestOneInput(bytes, len);
	}
	for (int i = 0; i < count; i++) {
		gsize len;
		const guint8 *bytes =
		        g_bytes_get_data(seeds->pdata[g_rand_int_range(rand, 0, (gint32)seeds->len)], &len);
		GByteArray *input = g_byte_array_new();

		g_byte_array_append(input, bytes, (guint)len);
		for (int k = g_rand_int_range(rand, 1, 8); k > 0; k--)
			mutate(input, rand, words);
		LLVMFuzzerTestOneInput(input->data, input->len);
		g_byte_array_unref(input);
	}
	g_print("ok 1 - %s\n", name);
	g_rand_free(rand);
	g_ptr_array_unref(seeds);
	g_ptr_array_unref(words);
	return 0;
}
