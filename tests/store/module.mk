# tests of src/store
