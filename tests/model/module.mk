# tests of src/model
MODEL_TESTS = tests/model/test-document tests/model/test-folders tests/model/test-format tests/model/test-fuzzy tests/model/test-list \
  tests/model/test-mailcap tests/model/test-op-text tests/model/test-rights tests/model/test-thread
check_PROGRAMS += $(MODEL_TESTS)
TESTS += $(MODEL_TESTS)
tests_model_test_document_SOURCES = tests/model/test-document.c tests/model/sample.c tests/model/sample.h
tests_model_test_document_LDADD = $(MODEL_LIBS)
tests_model_test_folders_LDADD = $(MODEL_LIBS)
tests_model_test_format_LDADD = $(MODEL_LIBS)
tests_model_test_fuzzy_LDADD = $(MODEL_LIBS)
tests_model_test_list_SOURCES = tests/model/test-list.c tests/model/sample.c tests/model/sample.h
tests_model_test_list_LDADD = $(MODEL_LIBS)
tests_model_test_mailcap_LDADD = $(MODEL_LIBS)
tests_model_test_op_text_LDADD = $(MODEL_LIBS)
tests_model_test_rights_LDADD = $(MODEL_LIBS)
tests_model_test_thread_LDADD = $(MODEL_LIBS)
