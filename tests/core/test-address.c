#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "core/address.h"

/* In a network of its own, where the test may give and take addresses. */

enum { PATIENCE_MS = 60000 };

static gboolean
enter_own_network(void)
{
	return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static void
set_up(const char *name, gboolean up)
{
	struct ifreq request = {.ifr_flags = up ? IFF_UP : 0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	g_assert_cmpint(ioctl(fd, SIOCSIFFLAGS, &request), ==, 0);
	close(fd);
}

static void
set_address(const char *name, const char *text)
{
	struct ifreq request = {0};
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	g_assert_cmpint(inet_pton(AF_INET, text, &address.sin_addr), ==, 1);
	g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
	memcpy(&request.ifr_addr, &address, sizeof address);
	g_assert_cmpint(ioctl(fd, SIOCSIFADDR, &request), ==, 0);
	close(fd);
}

static void
count(void *user)
{
	++*(guint *)user;
}

static gboolean
too_late(gpointer user)
{
	g_error("nothing was told");
	return G_SOURCE_REMOVE;
}

static gboolean
over(gpointer user)
{
	*(gboolean *)user = TRUE;
	return G_SOURCE_REMOVE;
}

static void
wait_for(GMainContext *context, const guint *told, guint wanted)
{
	g_autoptr(GSource) limit = g_timeout_source_new(PATIENCE_MS);

	g_source_set_callback(limit, too_late, NULL, NULL);
	g_source_attach(limit, context);
	while (*told < wanted)
		g_main_context_iteration(context, TRUE);
	g_source_destroy(limit);
}

/* As long as a change takes to be told, and some more. */
static void
let_pass(GMainContext *context)
{
	gboolean done = FALSE;
	g_autoptr(GSource) end = g_timeout_source_new(1500);

	g_source_set_callback(end, over, &done, NULL);
	g_source_attach(end, context);
	while (!done)
		g_main_context_iteration(context, TRUE);
}

static void
test_changes(gconstpointer own)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	struct address_watch *watch;
	guint told = 0;

	if (!own) {
		g_test_skip("no network of its own can be had here");
		return;
	}
	watch = address_watch_new(context, count, &told);
	g_assert_nonnull(watch);
	set_up("lo", TRUE);
	wait_for(context, &told, 1);
	/* Several at once are one. */
	set_address("lo:1", "10.9.8.7");
	set_address("lo:2", "10.9.8.6");
	wait_for(context, &told, 2);
	/* What comes and goes has not changed anything. */
	set_address("lo:3", "10.9.8.5");
	set_up("lo:3", FALSE);
	let_pass(context);
	g_assert_cmpuint(told, ==, 2);
	set_up("lo:1", FALSE);
	wait_for(context, &told, 3);
	address_watch_free(watch);
	g_assert_null(g_main_context_find_source_by_user_data(context, watch));
}

int
main(int argc, char **argv)
{
	gboolean own = enter_own_network();

	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/address/changes", GINT_TO_POINTER(own), test_changes);
	return g_test_run();
}
