/* Following a folder: inotify on new/ and cur/, and a rescan when they have been quiet for a moment. Another
 * program may take the folder away and make it again: then what is there now is followed. */
#include "backend/maildir/private.h"
#include "base/loop.h"

#include <glib-unix.h>
#include <unistd.h>
#ifdef HAVE_SYS_INOTIFY_H
#include <sys/inotify.h>
#endif

#define QUIET_MS 100 /* deliveries come in bursts */
#define RETRY_MS 200 /* for what is not there; then longer and longer */
#define POLL_MS 5000 /* at last, and where there is no inotify */

static const char *const places[] = {"new", "cur", "."};

struct watch {
	struct backend *backend;
	gint64 folder;
	int fd; /* -1: there is no inotify, or too many watches */
	int wd[G_N_ELEMENTS(places)];
	gboolean lost; /* some of these are not watched, or are not the folder's any more */
	guint wait;
	GSource *events, *retry, *rescan;
};

gint64
watch_folder(const struct watch *watch)
{
	return watch->folder;
}

static void renew(struct watch *watch);

static gboolean
rescan(gpointer user)
{
	struct watch *watch = user;

	loop_drop(&watch->rescan);
	if (watch->lost && !watch->retry)
		renew(watch);
	backend_rescan(watch->backend, watch->folder);
	return G_SOURCE_REMOVE;
}

static void
rescan_soon(struct watch *watch)
{
	if (!watch->rescan)
		loop_after(&watch->rescan, watch->backend->env->context, QUIET_MS, rescan, watch);
}

#ifdef HAVE_SYS_INOTIFY_H

/* What happened to files does not matter: the scan finds out. An overflow is an event too. */
static void
note(struct watch *watch, const struct inotify_event *event)
{
	watch->lost |= (event->mask & IN_Q_OVERFLOW) != 0;
	for (guint i = 0; i < G_N_ELEMENTS(places); i++)
		if (watch->wd[i] == event->wd && event->mask & (IN_IGNORED | IN_MOVE_SELF))
			watch->lost = TRUE;
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
}

static int
add(struct watch *watch, const char *dir, const char *place)
{
	const guint32 files = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
	g_autofree char *path = dir ? g_build_filename(dir, place, NULL) : NULL;

	return path ? inotify_add_watch(watch->fd, path,
	                                IN_MOVE_SELF | IN_ONLYDIR | (*place == '.' ? 0 : files))
	            : -1;
}

static void
forget(struct watch *watch, int wd)
{
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

/* TRUE: others are watched than before. */
static gboolean
follow(struct watch *watch)
{
	struct store_folder *row = store_folder_by_id(watch->backend->env->store, watch->folder, NULL);
	g_autofree char *dir = row ? backend_folder_dir(watch->backend, row) : NULL;
	gboolean changed = FALSE;

	store_folder_free(row);
	watch->lost = FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		int old = watch->wd[i];

		watch->wd[i] = watch->fd < 0 ? -1 : add(watch, dir, places[i]);
		watch->lost |= watch->wd[i] < 0;
		if (watch->wd[i] == old)
			continue;
		changed = TRUE;
		if (old >= 0)
			forget(watch, old);
	}
	return changed;
}

static gboolean
retry(gpointer user)
{
	struct watch *watch = user;
	gboolean changed;

	loop_drop(&watch->retry);
	changed = follow(watch);
	if (changed || watch->fd < 0)
		rescan_soon(watch);
	if (watch->lost) {
		watch->wait = MIN(watch->wait * 2, POLL_MS);
		loop_after(&watch->retry, watch->backend->env->context, watch->wait, retry, watch);
	}
	return G_SOURCE_REMOVE;
}

static void
renew(struct watch *watch)
{
	follow(watch);
	watch->wait = RETRY_MS;
	if (watch->lost)
		loop_after(&watch->retry, watch->backend->env->context, watch->wait, retry, watch);
}

struct watch *
watch_new(struct backend *backend, gint64 folder)
{
	struct watch *watch = g_new0(struct watch, 1);

	watch->backend = backend;
	watch->folder = folder;
	watch->fd = -1;
	for (guint i = 0; i < G_N_ELEMENTS(places); i++)
		watch->wd[i] = -1;
	begin(watch);
	renew(watch);
	/* What happened between the last scan and the first watch. */
	rescan_soon(watch);
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
	g_free(watch);
}
