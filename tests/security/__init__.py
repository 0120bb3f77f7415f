"""What the portal promises about people and permissions, held by walks over every route."""
