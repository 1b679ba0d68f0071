#include "maildrop.h"

#include <string.h>

#include "backend/pop3/pop3-private.h"
#include "base/error.h"
#include "bed.h"

struct maildrop maildrop;

static void
soon(struct backend *b, GSourceFunc run)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_callback(source, run, b, NULL);
	g_source_attach(source, b->env->context);
}

static gboolean
answer(gpointer user)
{
	struct backend *b = user;
	g_autoptr(GError) error = NULL;

	if (maildrop.reachable) {
		b->env->hooks->ready(b->env->user);
		return G_SOURCE_REMOVE;
	}
	fulmar_fail(&error, FULMAR_NO_LINK, "there is no server");
	b->env->hooks->lost(error, b->env->user);
	return G_SOURCE_REMOVE;
}

static void
link_or_not(struct backend *b)
{
	maildrop.links++;
	soon(b, answer);
}

static gboolean
leave(gpointer user)
{
	struct backend *b = user;

	b->env->hooks->left(b->env->user);
	return G_SOURCE_REMOVE;
}

static void
unlink_soon(struct backend *b)
{
	if (maildrop.reachable)
		soon(b, leave);
}

static void
depart(struct backend *b, backend_done done, void *user)
{
	soon(b, leave);
	pop3_end(b, NULL, done, user);
}

char *
maildrop_text(const char *message_id)
{
	return g_strdup_printf(
	        "From: Bob <bob@example.org>\r\nMessage-ID: %s\r\n\r\nthe quiet\r\nharbour\r\n", message_id);
}

static void
fetch(struct backend *b, msgid id)
{
	struct store_row *row = store_row(b->env->store, id, NULL);
	g_autofree char *text = maildrop_text(row->message_id);

	store_row_free(row);
	g_assert_true(store_part_put(b->env->store, id, "", text, strlen(text), TRUE, NULL));
}

static void
parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
      void *user)
{
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < n && !maildrop.refuses; i++)
		fetch(b, ids[i]);
	maildrop.fetched += n;
	if (maildrop.refuses)
		fulmar_fail(&error, FULMAR_FAILED, "the message is no longer on the server");
	pop3_end(b, error, done, user);
}

static void
part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
     backend_done done, void *user)
{
	parts(b, &id, &section, 1, done, user);
}

static void
watch(struct backend *b, gint64 folder)
{
}

const struct backend_ops *
maildrop_ops(void)
{
	static struct backend_ops ops;

	maildrop = (struct maildrop){0};
	ops = backend_pop3;
	ops.link = link_or_not;
	ops.unlink = unlink_soon;
	ops.depart = depart;
	ops.respite = NULL;
	ops.part = part;
	ops.parts = parts;
	ops.watch = watch;
	return &ops;
}

struct store *
maildrop_open(struct bed *bed)
{
	g_autofree char *dir = NULL;
	GError *error = NULL;
	struct store *store;

	g_setenv("XDG_DATA_HOME", bed->dir, TRUE);
	dir = account_store_dir(conf_account(bed->conf, "work"));
	store = store_open(dir, STORE_WRITE, &error);
	g_assert_no_error(error);
	return store;
}

gint64
maildrop_add_folder(struct store *store, const char *path, gboolean subscribed)
{
	struct store_folder folder = {.path = (char *)path,
	                              .wire = (char *)path,
	                              .delimiter = '/',
	                              .role = (char *)"",
	                              .selectable = TRUE,
	                              .subscribed = subscribed};
	GError *error = NULL;

	g_assert_true(store_folder_put(store, &folder, &error));
	g_assert_no_error(error);
	return folder.id;
}
