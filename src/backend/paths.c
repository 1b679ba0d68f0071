#include "backend/paths.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"

/* Characters that are shown as nothing, or turn what follows round: a name with them could pass for another.
 */
static gboolean
is_unseen(gunichar c)
{
	return g_unichar_iscntrl(c) || c == 0xfeff || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

gboolean
path_is_fit(const char *path, GError **error)
{
	if (!*path || *path == '/' || path[strlen(path) - 1] == '/' || strstr(path, "//")) {
		fulmar_fail(error, FULMAR_FAILED, _("a folder needs a name, on each level of it"));
		return FALSE;
	}
	if (!g_utf8_validate(path, -1, NULL)) {
		fulmar_fail(error, FULMAR_FAILED, _("the name is not written in UTF-8"));
		return FALSE;
	}
	for (const char *p = path; *p; p = g_utf8_next_char(p))
		if (is_unseen(g_utf8_get_char(p))) {
			fulmar_fail(error, FULMAR_FAILED,
			            _("there is a character in the name that cannot be seen: U+%04X"),
			            g_utf8_get_char(p));
			return FALSE;
		}
	return TRUE;
}
