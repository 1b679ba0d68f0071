/* What outlives the program in the store beside rows: the token of our own names, and texts whose files go.
 */
#include "backend/maildir/private.h"

#include "base/log.h"

#define KEEP_OCTETS (1024 * 1024)

static char *
new_token(void)
{
	g_autofree char *host = g_strndup(g_get_host_name(), 64);

	/* A name must not end in what stands for flags, nor lead elsewhere. */
	g_strcanon(host, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-.", '_');
	return g_strdup_printf("%08x%08x.%s", g_random_int(), g_random_int(), host);
}

char *
backend_token(const struct backend *backend, GError **error)
{
	struct store *store = backend->env->store;
	g_autofree char *token = store_get(store, "maildir-token");

	if (token)
		return g_steal_pointer(&token);
	if (!store_begin(store, TRUE, error))
		return NULL;
	/* Another process may have been quicker. */
	token = store_get(store, "maildir-token");
	if (!token) {
		token = new_token();
		if (!store_set(store, "maildir-token", token, error))
			g_clear_pointer(&token, g_free);
	}
	if (token && store_commit(store, error))
		return g_steal_pointer(&token);
	store_rollback(store);
	return NULL;
}

void
backend_keep_body(const struct backend *backend, msgid id, const char *path)
{
	g_autoptr(GError) error = NULL;
	GMappedFile *map = g_mapped_file_new(path, FALSE, &error);
	gsize len = map ? g_mapped_file_get_length(map) : 0;

	if (len && len <= KEEP_OCTETS)
		store_part_put(backend->env->store, id, "", g_mapped_file_get_contents(map), len, FALSE,
		               &error);
	if (error)
		log_note(LOG_SYNC, "%s: %s", backend->env->account->id, error->message);
	if (map)
		g_mapped_file_unref(map);
}
