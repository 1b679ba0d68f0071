#include "memory-private.h"

#include <string.h>

#include "base/error.h"

/* The backend of a server in memory: verbs that end later, one after the other. */

static void
pending_free(struct pending *p)
{
	g_clear_error(&p->error);
	g_array_unref(p->told);
	g_free(p);
}

static void
tell(struct backend *b, const struct pending *p)
{
	struct store *store = b->env->store;
	GError *error = NULL;
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < p->told->len; i++) {
		const struct told *t = &g_array_index(p->told, struct told, i);

		if (t->news == NEWS_MOVED)
			ok = store_moved(store, p->op, t->id, t->folder, t->uidvalidity, t->uid, NULL,
			                 &error);
		else if (t->news == NEWS_PURGED)
			ok = store_purged(store, p->op, t->id, &error);
		else
			ok = store_gone(store, p->op, t->id, &error);
	}
	g_assert_no_error(error);
}

static gboolean
is_silent(struct backend *b)
{
	gboolean silent;

	memory_lock();
	silent = b->server->silent;
	memory_release();
	return silent;
}

static void
lose(struct backend *b, enum fulmar_error code)
{
	g_autoptr(GError) error = NULL;
	struct pending *p;

	b->up = FALSE;
	fulmar_fail(&error, code, "the link was lost");
	b->env->hooks->lost(error, b->env->user);
	while ((p = g_queue_pop_head(&b->pending))) {
		p->done(error, p->user);
		pending_free(p);
	}
}

static gboolean
run_done(gpointer user)
{
	struct backend *b = user;
	struct pending *p;

	if (!b->up || is_silent(b) || !(p = g_queue_peek_head(&b->pending)))
		return G_SOURCE_REMOVE;
	if (p->fatal) {
		lose(b, FULMAR_NO_LINK);
		return G_SOURCE_REMOVE;
	}
	g_queue_pop_head(&b->pending);
	if (!p->error)
		tell(b, p);
	p->done(p->error, p->user);
	pending_free(p);
	return G_SOURCE_REMOVE;
}

static gboolean
run_unlink(gpointer user)
{
	struct backend *b = user;

	if (b->up && !is_silent(b))
		lose(b, FULMAR_CANCELLED);
	return G_SOURCE_REMOVE;
}

static gboolean
run_linked(gpointer user)
{
	struct backend *b = user;
	gboolean refused;

	memory_lock();
	refused = b->server->unreachable;
	b->server->links++;
	memory_release();
	if (refused) {
		lose(b, FULMAR_NO_LINK);
	} else {
		b->up = TRUE;
		b->env->hooks->ready(b->env->user);
	}
	return G_SOURCE_REMOVE;
}

static void
later(struct backend *b, GSourceFunc run)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, run, b, NULL);
	g_source_attach(source, b->env->context);
}

/* Called locked. */
void
memory_fail(struct server *s, struct pending *p, enum memory_fault fault)
{
	static const enum fulmar_error codes[MEMORY_FAULTS] = {FULMAR_FAILED, FULMAR_NO_LINK, FULMAR_NO_LINK,
	                                                       FULMAR_NO_LINK, FULMAR_CANCELLED};

	p->fatal = fault == MEMORY_HANGS_UP;
	s->silent = fault == MEMORY_SILENT;
	fulmar_fail(&p->error, codes[fault], "arranged");
}

struct pending *
memory_begin(struct backend *b, backend_done done, void *user)
{
	struct pending *p = g_new0(struct pending, 1);
	struct server *s = b->server;

	p->done = done;
	p->user = user;
	p->told = g_array_new(FALSE, FALSE, sizeof(struct told));
	g_queue_push_tail(&b->pending, p);
	memory_lock();
	if (s->any && s->countdown && !--s->countdown)
		memory_fail(s, p, s->fault);
	memory_release();
	later(b, run_done);
	return p;
}

/* A verb of the journal meets what was arranged. How many of n parts of it are done. Called locked. */
guint
memory_meet(struct backend *b, struct pending *p, guint n)
{
	struct server *s = b->server;

	s->verbs++;
	if (!b->up || s->silent) {
		p->fatal = TRUE;
		return 0;
	}
	if (p->error)
		return 0;
	if (s->any || !s->countdown || --s->countdown)
		return n;
	memory_fail(s, p, s->fault);
	if ((s->fault != MEMORY_HANGS_UP && s->fault != MEMORY_SILENT) || s->extent == MEMORY_NOTHING)
		return 0;
	return s->extent == MEMORY_HALF ? n / 2 : n;
}

static struct backend *
create(const struct backend_env *env)
{
	struct backend *b = g_new0(struct backend, 1);

	b->env = env;
	b->server = memory_hold(env->account->id);
	memory_release();
	g_queue_init(&b->pending);
	return b;
}

static void
destroy(struct backend *b)
{
	GSource *source;

	g_assert_true(is_silent(b) || g_queue_is_empty(&b->pending));
	while ((source = g_main_context_find_source_by_user_data(b->env->context, b)))
		g_source_destroy(source);
	g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
	g_free(b);
}

static void
link_up(struct backend *b)
{
	g_assert_false(b->up);
	later(b, run_linked);
}

static void
unlink_(struct backend *b)
{
	if (b->up)
		later(b, run_unlink);
}

static void
secret(struct backend *b, const char *text, const char *why)
{
}

static void
watch(struct backend *b, gint64 folder)
{
}

static gboolean
name_folder(struct backend *b, const char *path, char **wire, char *delimiter, GError **error)
{
	if (strchr(path, '%')) {
		fulmar_fail(error, FULMAR_FAILED, "%s: no name", path);
		return FALSE;
	}
	*wire = g_strdup(path);
	*delimiter = '/';
	return TRUE;
}

static void
admin(struct backend *b, const struct backend_admin *request,
      void (*answer)(const char *name, const char *value, void *user), backend_done done, void *user)
{
	memory_begin(b, done, user);
	answer("ann", "lrs", user);
	answer("", "lrswipkxtea", user);
}

const struct backend_ops memory_ops = {
        .name = "memory",
        .remote = TRUE,
        .create = create,
        .destroy = destroy,
        .link = link_up,
        .unlink = unlink_,
        .secret = secret,
        .folders = memory_folders,
        .open = memory_open,
        .fill = memory_fill,
        .structures = memory_structures,
        .part = memory_part,
        .parts = memory_parts,
        .replay = memory_replay,
        .check = memory_check,
        .name_folder = name_folder,
        .admin = admin,
        .watch = watch,
};
