#include "conf/keys.h"

#include "base/i18n.h"
#include "base/text.h"

struct keymap {
	GHashTable *actions[VIEW_KINDS];   /* key → enum action */
	GArray *keys[VIEW_KINDS][ACTIONS]; /* gint32, or NULL */
};

static void
forget_key(struct keymap *map, enum view_kind view, gint32 key)
{
	gpointer old = g_hash_table_lookup(map->actions[view], GINT_TO_POINTER(key));
	GArray *keys = old ? map->keys[view][GPOINTER_TO_INT(old)] : NULL;

	for (guint i = 0; keys && i < keys->len; i++)
		if (g_array_index(keys, gint32, i) == key) {
			g_array_remove_index(keys, i);
			break;
		}
	g_hash_table_remove(map->actions[view], GINT_TO_POINTER(key));
}

static void
bind_key(struct keymap *map, enum view_kind view, gint32 key, enum action action, gboolean in_front)
{
	GArray **keys = &map->keys[view][action];

	forget_key(map, view, key);
	if (action == ACT_NONE)
		return;
	g_hash_table_insert(map->actions[view], GINT_TO_POINTER(key), GINT_TO_POINTER(action));
	if (!*keys)
		*keys = g_array_new(FALSE, FALSE, sizeof(gint32));
	if (in_front)
		g_array_prepend_val(*keys, key);
	else
		g_array_append_val(*keys, key);
}

static void
bind_defaults(struct keymap *map, const struct key_action *action)
{
	g_auto(GStrv) names = g_strsplit(action->keys, " ", -1);

	for (int v = 0; v < VIEW_KINDS; v++)
		for (guint i = 0; action->views & VIEW_BIT(v) && names[i]; i++)
			bind_key(map, v, keys_parse(names[i], strlen(names[i])), action->id, FALSE);
}

/* A line for all views binds where the action exists; "none" unbinds everywhere. Text entry keeps its
 * letters. */
static void
bind_line(struct keymap *map, const struct conf_key *line)
{
	g_autofree char *problem = keys_problem(line);
	gint32 key = keys_parse(line->key, strlen(line->key));
	gboolean everywhere = !line->view || !*line->view;

	if (problem)
		return;
	for (int v = 0; v < VIEW_KINDS; v++) {
		if (!everywhere && strcmp(view_names[v], line->view))
			continue;
		if (!strcmp(line->action, "none")) {
			forget_key(map, v, key);
			continue;
		}
		for (const struct key_action *a = keys_actions(); a->name; a++)
			if (a->views & VIEW_BIT(v) && !strcmp(a->name, line->action)) {
				bind_key(map, v, key, a->id, TRUE);
				break;
			}
	}
}

struct keymap *
keymap_new(const struct conf *conf)
{
	struct keymap *map = g_new0(struct keymap, 1);

	for (int v = 0; v < VIEW_KINDS; v++)
		map->actions[v] = g_hash_table_new(NULL, NULL);
	for (const struct key_action *a = keys_actions(); a->name; a++)
		bind_defaults(map, a);
	/* Lines for all views first, whatever their order: a line for one view says more. */
	for (int specific = 0; conf && specific < 2; specific++)
		for (guint i = 0; i < conf->keys->len; i++) {
			const struct conf_key *line = conf->keys->pdata[i];

			if ((line->view && *line->view) == specific)
				bind_line(map, line);
		}
	return map;
}

void
keymap_free(struct keymap *map)
{
	if (!map)
		return;
	for (int v = 0; v < VIEW_KINDS; v++) {
		g_hash_table_unref(map->actions[v]);
		for (int a = 0; a < ACTIONS; a++)
			if (map->keys[v][a])
				g_array_unref(map->keys[v][a]);
	}
	g_free(map);
}

enum action
keymap_lookup(const struct keymap *map, enum view_kind view, gint32 key)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(map->actions[view], GINT_TO_POINTER(key)));
}

const GArray *
keymap_keys(const struct keymap *map, enum view_kind view, enum action action)
{
	const GArray *keys = map->keys[view][action];

	return keys && keys->len ? keys : NULL;
}

char *
keymap_key_names(const struct keymap *map, enum view_kind view, enum action action)
{
	const GArray *keys = keymap_keys(map, view, action);
	GString *out = g_string_new(NULL);

	for (guint i = 0; keys && i < keys->len; i++) {
		g_autofree char *name = keys_name(g_array_index(keys, gint32, i));

		if (i)
			g_string_append_c(out, ' ');
		g_string_append(out, name);
	}
	return g_string_free(out, FALSE);
}

char *
keys_text(const struct conf *conf)
{
	struct keymap *map = keymap_new(conf);
	GString *out = g_string_new(NULL);

	for (int v = 0; v < VIEW_KINDS; v++) {
		g_string_append_printf(out, "%s%s\n", v ? "\n" : "", view_names[v]);
		for (const struct key_action *a = keys_actions(); a->name; a++) {
			g_autofree char *names = NULL;

			if (!(a->views & VIEW_BIT(v)))
				continue;
			names = keymap_key_names(map, v, a->id);
			g_string_append_printf(out, "  %-22s %-17s %s\n", *names ? names : "-", a->name,
			                       _(a->help));
		}
	}
	keymap_free(map);
	return g_string_free(out, FALSE);
}
