/* The configuration parser and loader, with the text as the file and its first line also as an override. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	g_autofree char *first = g_strndup(size ? text : "", newline ? (gsize)(newline - data) : size);
	const char *const overrides[] = {first, NULL};
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) more = g_ptr_array_new_with_free_func(g_free);
	struct conf *conf = conf_load_text("fuzz.conf", text, size, NULL, problems);

	g_assert((conf == NULL) == (problems->len > 0));
	g_assert(problems->len <= CONF_MAX_PROBLEMS + 1);
	for (guint i = 0; i < problems->len; i++)
		g_assert(text_is_safe(problems->pdata[i], -1));
	for (guint i = 0; conf && i < conf->accounts->len; i++) {
		const struct conf_account *account = conf->accounts->pdata[i];

		g_assert(account->type == ACCOUNT_MAILDIR ? account->path != NULL
		                                          : account->host && account->port);
		conf_keep_for(conf, account, first);
	}
	conf_free(conf);
	conf_free(conf_load_text("fuzz.conf", text, size, overrides, more));
	return 0;
}
