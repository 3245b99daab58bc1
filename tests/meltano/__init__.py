"""The Meltano project and the demonstration, with real programs and a real PostgreSQL."""
