/* A server's octets through the IMAP parser: whole, and cut as the first octet says; both must be understood
 * alike. Each response goes through every decoder, each text must have its NUL, each list of a mailbox must
 * come back from modified UTF-7 as it was. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "proto/imap/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	guint64 digest;
	guint responses, nodes;
	gboolean failed;
};

static void
add(struct reading *reading, const void *bytes, gsize len)
{
	const unsigned char *p = bytes;

	for (gsize i = 0; i < len; i++)
		reading->digest = (reading->digest ^ p[i]) * G_GUINT64_CONSTANT(0x100000001b3);
}

static void
read_file(struct reading *reading, const struct imap_node *node)
{
	g_autofree char *content = g_malloc(node->len + 1);

	g_assert(read(node->spool_fd, content, node->len + 1) == (gssize)node->len);
	add(reading, content, node->len);
}

static void
walk(struct reading *reading, const struct imap_node *node, guint depth)
{
	guint64 number;

	/* 20 lists, an atom in the innermost, its section, and nothing below. */
	g_assert(depth <= 22);
	for (; node; node = node->next) {
		g_autofree char *copy = imap_node_dup(node);

		reading->nodes++;
		imap_node_number(node, &number);
		add(reading, &node->type, sizeof(node->type));
		add(reading, &node->len, sizeof(node->len));
		if (node->spool_fd >= 0) {
			g_assert(!node->text);
			read_file(reading, node);
		} else if (node->type != IMAP_LIST) {
			g_assert(node->text[node->len] == '\0');
			g_assert(memcmp(copy, node->text, node->len) == 0);
			add(reading, node->text, node->len);
		}
		walk(reading, node->first, depth + 1);
	}
}

static void
decode_name(const struct imap_list *list)
{
	g_autofree char *text = imap_utf7_to_utf8(list->name, list->name_len), *wire = NULL;

	if (!text)
		return;
	g_assert(g_utf8_validate(text, -1, NULL));
	wire = imap_utf8_to_utf7(text);
	g_assert(strlen(wire) == list->name_len && memcmp(wire, list->name, list->name_len) == 0);
}

static void
add_namespaces(struct reading *reading, const struct imap_namespace *list, guint n)
{
	for (guint i = 0; i < n; i++) {
		add(reading, list[i].prefix, list[i].len);
		add(reading, &list[i].delimiter, 1);
	}
}

static void
decode_extensions(struct reading *reading, const struct imap_response *response)
{
	struct imap_namespaces namespaces;
	struct imap_progress progress;
	struct imap_rights rights;
	guint64 lowest;

	if (imap_namespaces_decode(response, &namespaces)) {
		add_namespaces(reading, namespaces.personal, namespaces.n_personal);
		add_namespaces(reading, namespaces.others, namespaces.n_others);
		add_namespaces(reading, namespaces.shared, namespaces.n_shared);
	}
	if (imap_rights_decode(response, &rights)) {
		add(reading, rights.name, rights.name_len);
		add(reading, rights.rights, strlen(rights.rights));
	}
	if (imap_progress_decode(response, &progress)) {
		add(reading, &progress.total, sizeof(progress.total));
		add(reading, progress.tag, progress.tag ? strlen(progress.tag) : 0);
	}
	if (imap_limit_decode(response, &lowest))
		add(reading, &lowest, sizeof(lowest));
}

static void
decode(struct reading *reading, const struct imap_response *response)
{
	struct uidset set;
	struct imap_search search = {.all = &set};
	struct imap_status_data status;
	struct imap_fetch fetch;
	struct imap_list list;
	gboolean earlier;

	uidset_init(&set);
	if (imap_fetch_decode(response, &fetch)) {
		add(reading, &fetch.internaldate, sizeof(fetch.internaldate));
		add(reading, &fetch.saved, sizeof(fetch.saved));
		for (guint i = 0; i < fetch.n_sections; i++) {
			add(reading, fetch.sections[i].section, strlen(fetch.sections[i].section));
			add(reading, &fetch.sections[i].size, sizeof(fetch.sections[i].size));
			g_assert(fetch.sections[i].sized == !fetch.sections[i].value);
		}
	}
	if (imap_list_decode(response, &list))
		decode_name(&list);
	if (imap_status_decode(response, &status) && status.mailbox_id)
		add(reading, status.mailbox_id, strlen(status.mailbox_id));
	if (imap_search_decode(response, &search) && search.tag)
		add(reading, search.tag, strlen(search.tag));
	imap_vanished_decode(response, &set, &earlier);
	uidset_clear(&set);
	decode_extensions(reading, response);
}

static gboolean
take(const struct imap_response *response, void *user)
{
	struct reading *reading = user;

	reading->responses++;
	g_assert((response->kind == IMAP_TAGGED) == (response->tag != NULL));
	g_assert(response->kind == IMAP_CONTINUE ||
	         (response->status == IMAP_NONE) == (response->name != NULL));
	add(reading, response->text, strlen(response->text));
	add(reading, response->code, response->code ? strlen(response->code) : 0);
	add(reading, response->name, response->name ? strlen(response->name) : 0);
	walk(reading, response->code_args, 0);
	walk(reading, response->args, 0);
	decode(reading, response);
	return (reading->responses & 3) != 0;
}

static struct reading
read_in_cuts(const uint8_t *data, size_t size, size_t cut)
{
	const struct imap_limits limits = {
	        .line = 4096, .depth = 20, .nodes = 1000, .literal = 5000, .memory = 300, .spool_above = 200};
	struct reading reading = {0};
	struct imap_parser *parser = imap_parser_new(&limits, take, &reading);
	guint64 have, total;

	while (size && !reading.failed) {
		size_t n = MIN(cut, size);
		g_autofree unsigned char *exact = g_memdup2(data, n);
		g_autoptr(GError) error = NULL;
		gssize taken = imap_parser_feed(parser, exact, n, &error);

		g_assert((taken < 0) == (error != NULL));
		reading.failed = taken < 0;
		g_assert(taken != 0 && taken <= (gssize)n);
		if (imap_parser_progress(parser, &have, &total))
			g_assert(have < total && total <= limits.literal);
		data += MAX(taken, 0);
		size -= (size_t)MAX(taken, 0);
	}
	imap_parser_free(parser);
	return reading;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole, cut;

	if (!size)
		return 0;
	whole = read_in_cuts(data + 1, size - 1, size);
	cut = read_in_cuts(data + 1, size - 1, data[0] % 32 + 1u);
	g_assert(whole.responses == cut.responses && whole.nodes == cut.nodes && whole.digest == cut.digest &&
	         whole.failed == cut.failed);
	return 0;
}
