/* Following the folders: inotify on new/ and cur/ and dovecot-keywords beside them, and a rescan when they
 * have been quiet for a moment and what happened is news (novelty.c). Another program may take a folder away
 * and make it again: then what is there now is followed. The folder on the screen is looked at again and
 * again where inotify is not to be had; of the others the list of folders tells then, as often as "poll"
 * says. */
#include "backend/maildir/private.h"
#include "base/loop.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SYS_INOTIFY_H
#include <sys/inotify.h>
#endif

#define QUIET_MS 100 /* deliveries come in bursts */
#define RETRY_MS 200 /* for what is not there; then longer and longer */
#define POLL_MS 5000 /* at last, and where there is no inotify */
#define FOLLOWED_MOST 500
#define NAMES_MOST 500 /* that are asked whether they are news */

static const char *const places[] = {"new", "cur", "."};
enum { ABOVE = 2, PLACES = G_N_ELEMENTS(places) };

struct followed {
	gint64 folder;
	int wd[PLACES];    /* -1: not watched */
	gboolean lost;     /* some of these are not watched, or are not the folder's any more */
	gboolean changed;  /* in a way that no name tells */
	GHashTable *names; /* "cur/NAME" of what changed */
};

struct watch {
	struct backend *backend;
	gint64 front;         /* the folder on the screen */
	int fd;               /* -1: there is no inotify, or others have it all */
	int root;             /* watch descriptor of the account's path, which may be a folder's too */
	gboolean listed;      /* folders came or went */
	GHashTable *followed; /* folder (gint64 *) → struct followed * */
	GHashTable *by_wd;    /* watch descriptor → struct followed *, lent */
	guint wait;
	GSource *events, *retry, *rescan;
};

gint64
watch_folder(const struct watch *watch)
{
	return watch->front;
}

/* NULL: it is not followed. */
static struct followed *
followed_at(struct watch *watch, gint64 folder)
{
	return g_hash_table_lookup(watch->followed, &folder);
}

static void
followed_free(gpointer data)
{
	struct followed *followed = data;

	g_hash_table_unref(followed->names);
	g_free(followed);
}

static void renew_front(struct watch *watch);

/* ---- what happened ---- */

static void
look_at(struct watch *watch, struct followed *followed)
{
	gboolean news = followed->changed || followed->lost ||
	                novelty_in(watch->backend, followed->folder, followed->names);

	followed->changed = FALSE;
	g_hash_table_remove_all(followed->names);
	if (news)
		backend_rescan(watch->backend, followed->folder);
}

static gboolean
rescan(gpointer user)
{
	struct watch *watch = user;
	struct followed *followed;
	GHashTableIter iter;

	loop_drop(&watch->rescan);
	if (watch->listed)
		watch->backend->env->hooks->behind(0, watch->backend->env->user);
	watch->listed = FALSE;
	followed = followed_at(watch, watch->front);
	if (followed && followed->lost && !watch->retry)
		renew_front(watch);
	g_hash_table_iter_init(&iter, watch->followed);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&followed))
		if (followed->changed || g_hash_table_size(followed->names))
			look_at(watch, followed);
	return G_SOURCE_REMOVE;
}

static void
rescan_soon(struct watch *watch)
{
	if (!watch->rescan)
		loop_after(&watch->rescan, watch->backend->env->context, QUIET_MS, rescan, watch);
}

#ifdef HAVE_SYS_INOTIFY_H

#define FILES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)

/* Of what lies beside the mail it is what the letters of keywords mean. */
static void
note_in(struct watch *watch, struct followed *followed, const struct inotify_event *event)
{
	guint at = 0;

	while (at < PLACES && followed->wd[at] != event->wd)
		at++;
	if (event->mask & (IN_IGNORED | IN_MOVE_SELF))
		followed->lost = followed->changed = watch->backend->has_others = TRUE;
	else if (at == ABOVE)
		followed->changed |= event->len && strcmp(event->name, "dovecot-keywords") == 0;
	else if (at < PLACES && event->len && event->name[0] != '.')
		g_hash_table_add(followed->names, g_strdup_printf("%s/%s", places[at], event->name));
	followed->changed |= g_hash_table_size(followed->names) > NAMES_MOST;
	if (followed->changed)
		g_hash_table_remove_all(followed->names);
}

/* Whatever it was in which of the folders. */
static void
note_overflow(struct watch *watch)
{
	GHashTableIter iter;
	struct followed *followed;

	g_hash_table_iter_init(&iter, watch->followed);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&followed))
		followed->lost = followed->changed = TRUE;
	watch->listed = watch->backend->has_others = TRUE;
}

/* A folder's own directories come and go without a word of their own: it is that which is followed. */
static void
note(struct watch *watch, const struct inotify_event *event)
{
	static const char *const own_dirs[] = {"cur", "new", "tmp", NULL};
	struct followed *followed = g_hash_table_lookup(watch->by_wd, GINT_TO_POINTER(event->wd));

	if (event->mask & IN_Q_OVERFLOW)
		note_overflow(watch);
	else if (event->mask & IN_ISDIR && event->len && (!followed || event->wd == followed->wd[ABOVE]))
		watch->listed |=
		        !g_strv_contains(own_dirs, event->name) && !g_str_has_prefix(event->name, "..");
	else if (followed)
		note_in(watch, followed, event);
}

static gboolean
take_events(gint fd, GIOCondition condition, gpointer user)
{
	union {
		char octets[4096];
		struct inotify_event event;
	} buffer;
	struct watch *watch = user;
	gssize n;

	while ((n = read(fd, buffer.octets, sizeof buffer.octets)) > 0)
		for (const char *at = buffer.octets; at < buffer.octets + n;) {
			const struct inotify_event *event = (const void *)at;

			note(watch, event);
			at += sizeof *event + event->len;
		}
	rescan_soon(watch);
	return G_SOURCE_CONTINUE;
}

static void
begin(struct watch *watch)
{
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return;
	watch->events = g_unix_fd_source_new(watch->fd, G_IO_IN);
	g_source_set_callback(watch->events, G_SOURCE_FUNC(take_events), watch, NULL);
	g_source_attach(watch->events, watch->backend->env->context);
	watch->root = inotify_add_watch(watch->fd, watch->backend->root, FILES | IN_ONLYDIR);
}

static int
add(struct watch *watch, const char *dir, const char *place)
{
	g_autofree char *path = dir ? g_build_filename(dir, place, NULL) : NULL;

	return path ? inotify_add_watch(watch->fd, path, FILES | IN_MOVE_SELF | IN_ONLYDIR) : -1;
}

static void
forget(struct watch *watch, int wd)
{
	if (g_hash_table_remove(watch->by_wd, GINT_TO_POINTER(wd)) && wd != watch->root)
		inotify_rm_watch(watch->fd, wd);
}

#else

static void
begin(struct watch *watch)
{
}

static int
add(struct watch *watch, const char *dir, const char *place)
{
	return -1;
}

static void
forget(struct watch *watch, int wd)
{
}

#endif

/* ---- what is watched ---- */

/* TRUE: others are watched than before. */
static gboolean
follow(struct watch *watch, struct followed *followed)
{
	struct store_folder *row = store_folder_by_id(watch->backend->env->store, followed->folder, NULL);
	g_autofree char *dir = row ? backend_folder_dir(watch->backend, row) : NULL;
	gboolean changed = FALSE;

	store_folder_free(row);
	followed->lost = FALSE;
	for (guint i = 0; i < PLACES; i++) {
		int old = followed->wd[i];

		followed->wd[i] = watch->fd < 0 ? -1 : add(watch, dir, places[i]);
		followed->lost |= followed->wd[i] < 0;
		if (followed->wd[i] == old)
			continue;
		changed = TRUE;
		if (old >= 0)
			forget(watch, old);
		if (followed->wd[i] >= 0)
			g_hash_table_insert(watch->by_wd, GINT_TO_POINTER(followed->wd[i]), followed);
	}
	return changed;
}

static gboolean
retry(gpointer user)
{
	struct watch *watch = user;
	struct followed *followed = followed_at(watch, watch->front);

	loop_drop(&watch->retry);
	if (!followed)
		return G_SOURCE_REMOVE;
	if (follow(watch, followed) || watch->fd < 0) {
		followed->changed = TRUE;
		rescan_soon(watch);
	}
	if (followed->lost) {
		watch->wait = MIN(watch->wait * 2, POLL_MS);
		loop_after(&watch->retry, watch->backend->env->context, watch->wait, retry, watch);
	}
	return G_SOURCE_REMOVE;
}

static void
renew_front(struct watch *watch)
{
	struct followed *followed = followed_at(watch, watch->front);

	follow(watch, followed);
	watch->wait = RETRY_MS;
	if (followed->lost && !watch->retry)
		loop_after(&watch->retry, watch->backend->env->context, watch->wait, retry, watch);
}

static struct followed *
begin_following(struct watch *watch, gint64 folder)
{
	struct followed *followed = g_new0(struct followed, 1);

	followed->folder = folder;
	followed->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < PLACES; i++)
		followed->wd[i] = -1;
	g_hash_table_insert(watch->followed, &followed->folder, followed);
	return followed;
}

static void
stop_following(struct watch *watch, struct followed *followed)
{
	for (guint i = 0; i < PLACES; i++)
		if (followed->wd[i] >= 0)
			forget(watch, followed->wd[i]);
	g_hash_table_remove(watch->followed, &followed->folder);
}

static gboolean
is_listed(const GPtrArray *folders, gint64 id)
{
	for (guint i = 0; i < folders->len; i++)
		if (((const struct store_folder *)folders->pdata[i])->id == id)
			return TRUE;
	return FALSE;
}

static void
drop_removed(struct watch *watch, const GPtrArray *folders)
{
	g_autoptr(GList) all = g_hash_table_get_values(watch->followed);

	for (GList *at = folders ? all : NULL; at; at = at->next) {
		struct followed *followed = at->data;

		if (followed->folder != watch->front && !is_listed(folders, followed->folder))
			stop_following(watch, followed);
	}
}

void
watch_others(struct watch *watch)
{
	g_autoptr(GPtrArray) folders = store_folders(watch->backend->env->store, NULL);

	drop_removed(watch, folders);
	for (guint i = 0; folders && i < folders->len && watch->fd >= 0; i++) {
		const struct store_folder *folder = folders->pdata[i];
		struct followed *followed = followed_at(watch, folder->id);

		/* Of one that nobody has looked at yet the list tells that it is to be. */
		if (folder->id == watch->front || !folder->synced ||
		    (!followed && g_hash_table_size(watch->followed) == FOLLOWED_MOST))
			continue;
		if (!followed)
			followed = begin_following(watch, folder->id);
		else if (!followed->lost)
			continue;
		follow(watch, followed);
		if (followed->lost)
			stop_following(watch, followed);
	}
}

void
watch_front(struct watch *watch, gint64 folder)
{
	struct followed *followed = followed_at(watch, folder);

	watch->front = folder;
	loop_drop(&watch->retry);
	if (!folder)
		return;
	if (!followed)
		followed = begin_following(watch, folder);
	renew_front(watch);
	/* What happened between the last scan and the first watch. */
	followed->changed = TRUE;
	rescan_soon(watch);
}

struct watch *
watch_new(struct backend *backend)
{
	struct watch *watch = g_new0(struct watch, 1);

	watch->backend = backend;
	watch->fd = watch->root = -1;
	watch->followed = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, followed_free);
	watch->by_wd = g_hash_table_new(NULL, NULL);
	begin(watch);
	return watch;
}

void
watch_free(struct watch *watch)
{
	loop_drop(&watch->events);
	loop_drop(&watch->retry);
	loop_drop(&watch->rescan);
	if (watch->fd >= 0)
		close(watch->fd);
	g_hash_table_unref(watch->by_wd);
	g_hash_table_unref(watch->followed);
	g_free(watch);
}
