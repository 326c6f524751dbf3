// What an application is given, and where it stands in the log.
export {};
