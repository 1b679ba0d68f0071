#include "pop-server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mime/lines.h"

struct mail {
	char *uidl;
	GBytes *text;
	gboolean deleted; /* in this session */
};

struct pop_server {
	GThread *thread;
	int listener, port;
	int end[2];  /* closed: the thread ends */
	GMutex lock; /* of what follows */
	GPtrArray *mails;
	guint made;
	gboolean news;
	char *refusal; /* or NULL */
	gint lie;      /* octets that LIST tells of, 0: as many as there are */
};

struct session {
	struct pop_server *server;
	int fd;
	GString *in;
	GPtrArray *mails; /* as they were at the log-in, or NULL */
};

static struct mail *
mail_ref(struct mail *mail)
{
	return g_atomic_rc_box_acquire(mail);
}

static void
mail_clear(gpointer data)
{
	struct mail *mail = data;

	g_free(mail->uidl);
	g_bytes_unref(mail->text);
}

static void
mail_unref(gpointer mail)
{
	g_atomic_rc_box_release_full(mail, mail_clear);
}

/* ---- answers ---- */

static void
put(struct session *s, const char *bytes, gsize len)
{
	while (len) {
		ssize_t n = send(s->fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the next read says so */
		bytes += n;
		len -= (gsize)n;
	}
}

static void
say(struct session *s, const char *line)
{
	g_autofree char *whole = g_strconcat(line, "\r\n", NULL);

	put(s, whole, strlen(whole));
}

/* With stuffed dots, up to the end of the header when that is all. */
static void
put_text(struct session *s, const struct mail *mail, gboolean header)
{
	gsize len;
	const char *text = g_bytes_get_data(mail->text, &len);
	const char *body = g_strstr_len(text, (gssize)len, "\r\n\r\n");
	g_autoptr(GString) out = g_string_new("+OK\r\n");

	if (header && body)
		len = (gsize)(body + 4 - text);
	for (gsize i = 0; i < len; i++) {
		if (text[i] == '.' && (i == 0 || text[i - 1] == '\n'))
			g_string_append_c(out, '.');
		g_string_append_c(out, text[i]);
	}
	if (!g_str_has_suffix(out->str, "\r\n"))
		g_string_append(out, "\r\n");
	g_string_append(out, ".\r\n");
	put(s, out->str, out->len);
}

static void
put_list(struct session *s, gboolean names)
{
	g_autoptr(GString) out = g_string_new("+OK\r\n");
	gsize lie = (gsize)g_atomic_int_get(&s->server->lie);

	for (guint i = 0; i < s->mails->len; i++) {
		const struct mail *mail = s->mails->pdata[i];

		if (mail->deleted)
			continue;
		if (names)
			g_string_append_printf(out, "%u %s\r\n", i + 1, mail->uidl);
		else
			g_string_append_printf(out, "%u %zu\r\n", i + 1,
			                       lie ? lie : g_bytes_get_size(mail->text));
	}
	g_string_append(out, ".\r\n");
	put(s, out->str, out->len);
}

/* ---- the maildrop ---- */

static void
log_in(struct session *s)
{
	struct pop_server *server = s->server;

	g_mutex_lock(&server->lock);
	if (server->refusal) {
		say(s, server->refusal);
		g_mutex_unlock(&server->lock);
		return;
	}
	s->mails = g_ptr_array_new_with_free_func(mail_unref);
	for (guint i = 0; i < server->mails->len; i++) {
		struct mail *mail = server->mails->pdata[i];

		mail->deleted = FALSE;
		g_ptr_array_add(s->mails, mail_ref(mail));
	}
	server->news = FALSE;
	g_mutex_unlock(&server->lock);
	say(s, "+OK");
}

static void
log_out(struct session *s)
{
	struct pop_server *server = s->server;

	g_mutex_lock(&server->lock);
	for (guint i = server->mails->len; s->mails && i-- > 0;)
		if (((struct mail *)server->mails->pdata[i])->deleted)
			g_ptr_array_remove_index(server->mails, i);
	g_mutex_unlock(&server->lock);
	say(s, "+OK");
}

/* ---- commands ---- */

static struct mail *
chosen(struct session *s, const char *line)
{
	const char *blank = strchr(line, ' ');
	guint n = blank ? (guint)atoi(blank + 1) : 0;

	return s->mails && n >= 1 && n <= s->mails->len ? s->mails->pdata[n - 1] : NULL;
}

/* FALSE: that was the last. */
static gboolean
obey(struct session *s, const char *line)
{
	struct mail *mail = chosen(s, line);

	if (g_str_has_prefix(line, "CAPA"))
		say(s, "+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.");
	else if (g_str_has_prefix(line, "USER"))
		say(s, "+OK");
	else if (g_str_has_prefix(line, "PASS"))
		log_in(s);
	else if (g_str_has_prefix(line, "STAT"))
		say(s, "+OK 0 0");
	else if (s->mails && (!strcmp(line, "LIST") || !strcmp(line, "UIDL")))
		put_list(s, *line == 'U');
	else if (mail && (g_str_has_prefix(line, "TOP") || g_str_has_prefix(line, "RETR")))
		put_text(s, mail, *line == 'T');
	else if (mail && g_str_has_prefix(line, "DELE"))
		mail->deleted = TRUE, say(s, "+OK");
	else if (g_str_has_prefix(line, "NOOP"))
		say(s, "+OK");
	else if (g_str_has_prefix(line, "QUIT"))
		log_out(s);
	else
		say(s, "-ERR");
	return !g_str_has_prefix(line, "QUIT");
}

static gboolean
obey_lines(struct session *s)
{
	gboolean more = TRUE;
	char *end;

	while (more && (end = strstr(s->in->str, "\r\n"))) {
		*end = '\0';
		more = obey(s, s->in->str);
		g_string_erase(s->in, 0, end + 2 - s->in->str);
	}
	return more;
}

/* FALSE: the server ends. */
static gboolean
wait_for(struct pop_server *server, int fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = server->end[0], .events = POLLIN}};

	return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

static void
serve(struct pop_server *server, int fd)
{
	struct session s = {.server = server, .fd = fd, .in = g_string_new(NULL)};
	gboolean more = TRUE;
	char buffer[4096];

	say(&s, "+OK");
	while (more && wait_for(server, fd)) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);

		if (n <= 0)
			break;
		g_string_append_len(s.in, buffer, n);
		more = obey_lines(&s);
	}
	g_clear_pointer(&s.mails, g_ptr_array_unref);
	g_string_free(s.in, TRUE);
	close(fd);
}

static gpointer
run(gpointer user)
{
	struct pop_server *server = user;

	while (wait_for(server, server->listener)) {
		int fd = accept(server->listener, NULL, NULL);

		if (fd >= 0)
			serve(server, fd);
	}
	return NULL;
}

/* ---- from outside ---- */

struct pop_server *
pop_server_new(void)
{
	struct pop_server *server = g_new0(struct pop_server, 1);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(server->listener, (struct sockaddr *)&at, sizeof at), ==, 0);
	g_assert_cmpint(listen(server->listener, 8), ==, 0);
	g_assert_cmpint(getsockname(server->listener, (struct sockaddr *)&at, &len), ==, 0);
	g_assert_cmpint(pipe(server->end), ==, 0);
	server->port = ntohs(at.sin_port);
	g_mutex_init(&server->lock);
	server->mails = g_ptr_array_new_with_free_func(mail_unref);
	server->thread = g_thread_new("pop", run, server);
	return server;
}

void
pop_server_free(struct pop_server *server)
{
	close(server->end[1]);
	g_thread_join(server->thread);
	close(server->end[0]);
	close(server->listener);
	g_ptr_array_unref(server->mails);
	g_free(server->refusal);
	g_mutex_clear(&server->lock);
	g_free(server);
}

int
pop_server_port(const struct pop_server *server)
{
	return server->port;
}

char *
pop_server_add(struct pop_server *server, const char *text)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	struct mail *mail = g_atomic_rc_box_new0(struct mail);
	char *uidl;

	mail->text = lines_with_crlf(bytes);
	g_mutex_lock(&server->lock);
	mail->uidl = g_strdup_printf("mail-%u", ++server->made);
	uidl = g_strdup(mail->uidl);
	g_ptr_array_add(server->mails, mail);
	server->news = TRUE;
	g_mutex_unlock(&server->lock);
	return uidl;
}

void
pop_server_remove(struct pop_server *server, const char *uidl)
{
	g_mutex_lock(&server->lock);
	for (guint i = server->mails->len; i-- > 0;)
		if (!strcmp(((struct mail *)server->mails->pdata[i])->uidl, uidl))
			g_ptr_array_remove_index(server->mails, i);
	server->news = TRUE;
	g_mutex_unlock(&server->lock);
}

void
pop_server_refuse(struct pop_server *server, const char *why)
{
	g_mutex_lock(&server->lock);
	g_free(server->refusal);
	server->refusal = g_strdup(why);
	g_mutex_unlock(&server->lock);
}

void
pop_server_lie(struct pop_server *server, gsize size)
{
	g_atomic_int_set(&server->lie, (gint)size);
}

gboolean
pop_server_has_news(struct pop_server *server)
{
	gboolean news;

	g_mutex_lock(&server->lock);
	news = server->news;
	g_mutex_unlock(&server->lock);
	return news;
}

GPtrArray *
pop_server_uidls(struct pop_server *server)
{
	GPtrArray *uidls = g_ptr_array_new_with_free_func(g_free);

	g_mutex_lock(&server->lock);
	for (guint i = 0; i < server->mails->len; i++)
		g_ptr_array_add(uidls, g_strdup(((struct mail *)server->mails->pdata[i])->uidl));
	g_mutex_unlock(&server->lock);
	return uidls;
}
