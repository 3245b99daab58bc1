"""The sandbox keeps to the rules that it stands for."""
