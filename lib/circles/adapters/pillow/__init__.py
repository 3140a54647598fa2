"""Pictures through circles_pictures. Only this folder of lib/circles imports it."""
