#include <string.h>
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "ui/ui-private.h"

/* What the screen remembers from one start to the next, in a key file of its own. Nothing in it is worth more
 * than a word when it is lost. */

#define TARGETS_MAX 8
#define GROUP "screen"

struct state {
	GHashTable *collapsed;
	GPtrArray *targets; /* newest first */
	gboolean changed;
};

static char *
state_path(void)
{
	g_autofree char *dir = files_xdg("STATE");

	return g_build_filename(dir, "screen", NULL);
}

struct state *
state_load(void)
{
	struct state *state = g_new0(struct state, 1);
	g_autofree char *path = state_path();
	g_autoptr(GKeyFile) file = g_key_file_new();

	state->collapsed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	state->targets = g_ptr_array_new_with_free_func(g_free);
	if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
		g_auto(GStrv) collapsed = g_key_file_get_string_list(file, GROUP, "collapsed", NULL, NULL);
		g_auto(GStrv) targets = g_key_file_get_string_list(file, GROUP, "targets", NULL, NULL);

		for (char **c = collapsed; c && *c; c++)
			g_hash_table_add(state->collapsed, g_strdup(*c));
		for (char **t = targets; t && *t && state->targets->len < TARGETS_MAX; t++)
			g_ptr_array_add(state->targets, g_strdup(*t));
	}
	return state;
}

void
state_save(struct state *state)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree const char **collapsed =
	        (const char **)g_hash_table_get_keys_as_array(state->collapsed, NULL);
	g_autofree char *path = state_path(), *dir = files_xdg("STATE"), *text = NULL;
	g_autoptr(GError) error = NULL;
	gsize len;

	if (!state->changed)
		return;
	if (g_hash_table_size(state->collapsed))
		g_key_file_set_string_list(file, GROUP, "collapsed", collapsed,
		                           g_hash_table_size(state->collapsed));
	if (state->targets->len)
		g_key_file_set_string_list(file, GROUP, "targets", (const char *const *)state->targets->pdata,
		                           state->targets->len);
	text = g_key_file_to_data(file, &len, NULL);
	if (!files_make_private_dir(dir, &error) || !files_write_atomically(path, text, len, &error))
		log_note(LOG_UI, "%s: %s", path, error->message);
	state->changed = FALSE;
}

void
state_free(struct state *state)
{
	g_hash_table_unref(state->collapsed);
	g_ptr_array_unref(state->targets);
	g_free(state);
}

GHashTable *
state_collapsed(struct state *state)
{
	return state->collapsed;
}

void
state_collapse(struct state *state, const char *target, gboolean on)
{
	if (on == g_hash_table_contains(state->collapsed, target))
		return;
	if (on)
		g_hash_table_add(state->collapsed, g_strdup(target));
	else
		g_hash_table_remove(state->collapsed, target);
	state->changed = TRUE;
}

const GPtrArray *
state_targets(const struct state *state)
{
	return state->targets;
}

void
state_add_target(struct state *state, const char *target)
{
	g_autofree char *copy = g_strdup(target);

	for (guint i = 0; i < state->targets->len; i++)
		if (!strcmp(state->targets->pdata[i], target)) {
			g_ptr_array_remove_index(state->targets, i);
			break;
		}
	g_ptr_array_insert(state->targets, 0, g_steal_pointer(&copy));
	if (state->targets->len > TARGETS_MAX)
		g_ptr_array_set_size(state->targets, TARGETS_MAX);
	state->changed = TRUE;
}
