# tests of src/mime
