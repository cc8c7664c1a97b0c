package dev.agentcall.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/** A connection that keeps its statements prepared. For one thread at a time. */
final class Sql {

    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();

    Sql(Connection connection) {
        this.connection = connection;
    }

    Connection connection() {
        return connection;
    }

    /** The statement for this text; not to be closed. */
    PreparedStatement prepare(String text) throws SQLException {
        PreparedStatement statement = prepared.get(text);
        if (statement == null) {
            statement = connection.prepareStatement(text);
            prepared.put(text, statement);
        }
        return statement;
    }

    /** Prepares all statements anew: one that has failed may be of no more use, even when its cause is gone. */
    void forgetStatements() throws SQLException {
        for (PreparedStatement statement : prepared.values()) {
            statement.close();
        }
        prepared.clear();
    }

    /** A number that no process and no file run has had. */
    long nextNumber() throws SQLException {
        try (ResultSet result = prepare("UPDATE ledger SET last_number = last_number + 1 RETURNING last_number")
                .executeQuery()) {
            result.next();
            return result.getLong(1);
        }
    }
}
