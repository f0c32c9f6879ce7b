/* Empty: bcc brings what its helpers need of this. */
