/* Following a folder: inotify on new/ and cur/, and a rescan when they have been quiet for a moment. */
#include "backend/maildir/private.h"
#include "base/loop.h"

#include <glib-unix.h>
#include <unistd.h>
#ifdef HAVE_SYS_INOTIFY_H
#include <sys/inotify.h>
#endif

#define QUIET_MS 100 /* deliveries come in bursts */
#define POLL_MS 5000 /* where there is no inotify */

struct watch {
	struct backend *backend;
	gint64 folder;
	int fd;
	GSource *events, *rescan;
};

gint64
watch_folder(const struct watch *watch)
{
	return watch->folder;
}

static gboolean
rescan(gpointer user)
{
	struct watch *watch = user;

	loop_drop(&watch->rescan);
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

/* What the events say does not matter: the scan finds out. An overflow is an event too. */
static gboolean
take_events(gint fd, GIOCondition condition, gpointer user)
{
	char buffer[4096];

	while (read(fd, buffer, sizeof buffer) > 0)
		continue;
	rescan_soon(user);
	return G_SOURCE_CONTINUE;
}

static gboolean
begin(struct watch *watch, const char *dir)
{
	static const char *const subdirs[] = {"new", "cur"};
	const guint32 mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
	int watched = 0;

	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *path = g_build_filename(dir, subdirs[i], NULL);

		watched += inotify_add_watch(watch->fd, path, mask) >= 0;
	}
	if (!watched)
		return FALSE;
	watch->events = g_unix_fd_source_new(watch->fd, G_IO_IN);
	g_source_set_callback(watch->events, G_SOURCE_FUNC(take_events), watch, NULL);
	g_source_attach(watch->events, watch->backend->env->context);
	return TRUE;
}

#else

static gboolean
begin(struct watch *watch, const char *dir)
{
	return FALSE;
}

#endif

static gboolean
poll_again(gpointer user)
{
	rescan_soon(user);
	return G_SOURCE_CONTINUE;
}

struct watch *
watch_new(struct backend *backend, gint64 folder, const char *dir)
{
	struct watch *watch = g_new0(struct watch, 1);

	watch->backend = backend;
	watch->folder = folder;
	watch->fd = -1;
	/* Without inotify (too many watches, another system) one look every few seconds. */
	if (!begin(watch, dir))
		loop_after(&watch->events, backend->env->context, POLL_MS, poll_again, watch);
	/* What happened between the last scan and the first watch. */
	rescan_soon(watch);
	return watch;
}

void
watch_free(struct watch *watch)
{
	loop_drop(&watch->events);
	loop_drop(&watch->rescan);
	if (watch->fd >= 0)
		close(watch->fd);
	g_free(watch);
}
