# tests of src/backend
