#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <glib-unix.h>
#include "core/address.h"
#include "base/loop.h"

/* rtnetlink(7) says that something happened to some address; also when a router only announced again what is
 * known. So what counts is whether the addresses are others than before. */

enum { SETTLE_MS = 500 };

struct address_watch {
	int fd;
	GMainContext *context;
	GSource *source, *settle;
	char *addresses; /* as they were */
	void (*changed)(void *user);
	void *user;
};

static gsize
address_size(const struct sockaddr *address)
{
	if (address && address->sa_family == AF_INET)
		return sizeof(struct sockaddr_in);
	return address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : 0;
}

/* All addresses that are up, as text that differs when they do. */
static char *
survey(void)
{
	GString *text = g_string_new(NULL);
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		return g_string_free(text, FALSE);
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		g_autofree char *octets = NULL;
		gsize size = address_size(i->ifa_addr);

		if (!size || !(i->ifa_flags & IFF_UP))
			continue;
		octets = g_base64_encode((const guchar *)i->ifa_addr, size);
		g_string_append_printf(text, "%s %s\n", i->ifa_name, octets);
	}
	freeifaddrs(all);
	return g_string_free(text, FALSE);
}

static gboolean
settled(gpointer user)
{
	struct address_watch *watch = user;
	g_autofree char *before = watch->addresses;

	loop_drop(&watch->settle);
	watch->addresses = survey();
	if (strcmp(before, watch->addresses) != 0)
		watch->changed(watch->user);
	return G_SOURCE_REMOVE;
}

static gboolean
told(gint fd, GIOCondition condition, gpointer user)
{
	struct address_watch *watch = user;
	char buffer[8192];
	gssize n;

	/* What they say does not matter, nor that there was too much of it (ENOBUFS). */
	while ((n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0 || (n < 0 && errno == ENOBUFS))
		;
	if (!watch->settle)
		loop_after(&watch->settle, watch->context, SETTLE_MS, settled, watch);
	return G_SOURCE_CONTINUE;
}

static int
listen_for_changes(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK,
	                              .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

struct address_watch *
address_watch_new(GMainContext *context, void (*changed)(void *user), void *user)
{
	struct address_watch *watch;
	int fd = listen_for_changes();

	if (fd < 0)
		return NULL;
	watch = g_new0(struct address_watch, 1);
	watch->fd = fd;
	watch->context = context;
	watch->addresses = survey();
	watch->changed = changed;
	watch->user = user;
	watch->source = g_unix_fd_source_new(fd, G_IO_IN | G_IO_ERR);
	g_source_set_callback(watch->source, G_SOURCE_FUNC(told), watch, NULL);
	g_source_attach(watch->source, context);
	return watch;
}

void
address_watch_free(struct address_watch *watch)
{
	loop_drop(&watch->source);
	loop_drop(&watch->settle);
	close(watch->fd);
	g_free(watch->addresses);
	g_free(watch);
}
