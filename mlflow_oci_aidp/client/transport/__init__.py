"""What stands below a call, beside `urllib3`: connections, their time, and whose answer it is."""
