#include "base/error.h"

GQuark
fulmar_error_quark(void)
{
	return g_quark_from_static_string("fulmar-error");
}

int
fulmar_error_status(const GError *error)
{
	if (!error)
		return FULMAR_OK;
	if (error->domain != FULMAR_ERROR || error->code < FULMAR_FAILED || error->code > FULMAR_PARTLY)
		return FULMAR_FAILED;
	return error->code;
}

void
fulmar_fail(GError **error, enum fulmar_error code, const char *format, ...)
{
	va_list args;

	if (!error)
		return;
	va_start(args, format);
	g_propagate_error(error, g_error_new_valist(FULMAR_ERROR, code, format, args));
	va_end(args);
}
