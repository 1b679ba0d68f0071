#include "app/ids.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/id-reader.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"

static void
group_free(gpointer data)
{
	struct ids_group *group = data;

	g_array_unref(group->ids);
	g_hash_table_unref(group->known);
	g_free(group);
}

GPtrArray *
ids_new(void)
{
	return g_ptr_array_new_with_free_func(group_free);
}

static struct ids_group *
group_of(GPtrArray *groups, const struct conf_account *account)
{
	struct ids_group *group;

	for (guint i = 0; i < groups->len; i++) {
		group = g_ptr_array_index(groups, i);
		if (group->account == account)
			return group;
	}
	group = g_new0(struct ids_group, 1);
	group->account = account;
	group->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	group->known = idset_new();
	g_ptr_array_add(groups, group);
	return group;
}

gboolean
ids_add(const struct app *app, GPtrArray *groups, const char *word, GError **error)
{
	msgid id;
	const struct conf_account *account = app_id(app, word, &id, error);
	struct ids_group *group = account ? group_of(groups, account) : NULL;

	if (group && idset_add(group->known, id))
		g_array_append_val(group->ids, id);
	return account != NULL;
}

struct taking {
	const struct app *app;
	GPtrArray *groups;
};

static gboolean
take_id(const char *id, void *user, GError **error)
{
	const struct taking *taking = user;

	/* What a command before us in the pipe printed behind its IDs. */
	return strcmp(id, "queued") == 0 || ids_add(taking->app, taking->groups, id, error);
}

static gboolean
read_all(struct id_reader *reader, GError **error)
{
	char bytes[16384];

	for (;;) {
		gssize n = read(STDIN_FILENO, bytes, sizeof bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return id_reader_end(reader, error);
		if (n < 0) {
			fulmar_fail(error, FULMAR_FAILED, _("standard input cannot be read: %s"),
			            g_strerror(errno));
			return FALSE;
		}
		if (!id_reader_feed(reader, bytes, (gsize)n, error))
			return FALSE;
	}
}

static gboolean
read_ids(const struct app *app, GPtrArray *groups, GError **error)
{
	struct taking taking = {app, groups};
	struct id_reader *reader = id_reader_new(take_id, &taking);
	gboolean ok = read_all(reader, error);

	id_reader_free(reader);
	return ok;
}

gboolean
ids_take(const struct app *app, GPtrArray *groups, guint first, guint end, GError **error)
{
	const GPtrArray *words = app->cli.words;

	for (guint i = first; i < end; i++)
		if (!ids_add(app, groups, g_ptr_array_index(words, i), error))
			return FALSE;
	if (!groups->len && !read_ids(app, groups, error))
		return FALSE;
	if (!groups->len)
		fulmar_fail(error, FULMAR_USAGE,
		            _("no message was named; give IDs as words or on standard input"));
	return groups->len > 0;
}
