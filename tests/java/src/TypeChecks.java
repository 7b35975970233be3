import static org.apache.fluss.types.DataTypes.ARRAY;
import static org.apache.fluss.types.DataTypes.BIGINT;
import static org.apache.fluss.types.DataTypes.BINARY;
import static org.apache.fluss.types.DataTypes.BOOLEAN;
import static org.apache.fluss.types.DataTypes.BYTES;
import static org.apache.fluss.types.DataTypes.CHAR;
import static org.apache.fluss.types.DataTypes.DATE;
import static org.apache.fluss.types.DataTypes.DECIMAL;
import static org.apache.fluss.types.DataTypes.DOUBLE;
import static org.apache.fluss.types.DataTypes.FIELD;
import static org.apache.fluss.types.DataTypes.FLOAT;
import static org.apache.fluss.types.DataTypes.INT;
import static org.apache.fluss.types.DataTypes.MAP;
import static org.apache.fluss.types.DataTypes.ROW;
import static org.apache.fluss.types.DataTypes.SMALLINT;
import static org.apache.fluss.types.DataTypes.STRING;
import static org.apache.fluss.types.DataTypes.TIME;
import static org.apache.fluss.types.DataTypes.TIMESTAMP;
import static org.apache.fluss.types.DataTypes.TIMESTAMP_LTZ;
import static org.apache.fluss.types.DataTypes.TINYINT;

import org.apache.fluss.client.table.Table;
import org.apache.fluss.metadata.KvFormat;
import org.apache.fluss.metadata.LogFormat;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataType;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Every type of the protocol in every format it can be stored in. */
final class TypeChecks {
    private TypeChecks() {}

    private static final DataType[] TYPES = {
        INT().copy(false), BOOLEAN(), TINYINT(), SMALLINT(), INT(), BIGINT(), FLOAT(), DOUBLE(), CHAR(4), STRING(), BINARY(3),
        BYTES(), DECIMAL(10, 2), DECIMAL(30, 4), DATE(), TIME(0), TIME(3), TIMESTAMP(0), TIMESTAMP(3), TIMESTAMP(6),
        TIMESTAMP(9), TIMESTAMP_LTZ(3), TIMESTAMP_LTZ(6), ARRAY(INT()), ARRAY(STRING()), MAP(STRING(), INT()),
        ROW(FIELD("x", INT()), FIELD("y", STRING())), ARRAY(ROW(FIELD("d", DECIMAL(25, 3)), FIELD("t", TIMESTAMP(9))))};

    private static final long MS = 1_700_000_000_123L;

    private static Schema.Builder schema() {
        Schema.Builder schema = Schema.newBuilder();
        for (int i = 0; i < TYPES.length; i++) {
            schema.column("c" + i, TYPES[i]);
        }
        return schema;
    }

    private static Decimal decimal(String text, int precision, int scale) {
        return Decimal.fromBigDecimal(new BigDecimal(text), precision, scale);
    }

    private static GenericRow full(int key) {
        return Values.row(key, true, (byte) -8, (short) -300, -5, 1234567890123L, 1.5f, -2.25, "ab", "hello world",
                new byte[] {1, 2, 3}, new byte[] {0, -1}, decimal("-123.45", 10, 2),
                decimal("12345678901234567890.1234", 30, 4), 19000, 3_723_000, 3_723_004,
                TimestampNtz.fromMillis(1_700_000_000_000L), TimestampNtz.fromMillis(MS),
                TimestampNtz.fromMillis(MS, 456_000), TimestampNtz.fromMillis(MS, 456_789),
                TimestampLtz.fromEpochMillis(MS), TimestampLtz.fromEpochMillis(MS, 456_000), Values.array(1, null, 3),
                Values.array(Values.text("short"), Values.text("longer than seven"), null),
                Values.map(Values.text("k"), 7, Values.text("null"), null), Values.row(42, "in"),
                Values.array(Values.row(decimal("1.500", 25, 3), TimestampNtz.fromMillis(MS, 1)), null));
    }

    private static GenericRow nulls(int key) {
        GenericRow row = new GenericRow(TYPES.length);
        row.setField(0, key);
        return row;
    }

    private static List<List<Object>> expected() {
        List<List<Object>> rows = new ArrayList<>();
        for (GenericRow row : List.of(full(1), nulls(2))) {
            rows.add(Values.plain(row, schema().build().getRowType()));
        }
        return rows;
    }

    static void run() {
        for (LogFormat format : LogFormat.values()) {
            Check.check("types: a log table keeps every type in the log format " + format, () -> {
                Table table = Session.create(schema(), CatalogChecks.buckets(1).logFormat(format));
                Session.append(table, List.of(full(1), nulls(2)));
                compare(Session.read(table, 0, 2));
            });
        }
        for (KvFormat format : KvFormat.values()) {
            Check.check("types: a keyed table keeps every type in the value format " + format, () -> {
                TableDescriptor.Builder descriptor = CatalogChecks.buckets(1).kvFormat(format);
                Table table = Session.create(schema().primaryKey("c0"), descriptor);
                Session.upsert(table, List.of(full(1), nulls(2)));
                Check.equal(expected().get(0).toString(), Session.lookup(table, 1).toString());
                Check.equal(expected().get(1).toString(), Session.lookup(table, 2).toString());
                compare(Session.read(table, 0, 2));
            });
        }
        Check.check("types: every column can be projected alone", () -> {
            Table table = Session.create(schema(), CatalogChecks.buckets(1));
            Session.append(table, List.of(full(1), nulls(2)));
            for (int column = 0; column < TYPES.length; column++) {
                List<Values.Record> records = Session.read(table, 0, 2, column);
                for (int row = 0; row < 2; row++) {
                    Check.equal(String.valueOf(expected().get(row).get(column)),
                            String.valueOf(records.get(row).row.get(0)));
                }
            }
        });
        Check.check("types: scalar types work as keys", TypeChecks::keys);
    }

    private static void compare(List<Values.Record> records) {
        for (int row = 0; row < 2; row++) {
            Check.equal(expected().get(row).toString(), records.get(row).row.toString());
        }
    }

    private static void keys() throws Exception {
        GenericRow row = full(1);
        for (int column = 1; column < TYPES.length; column++) {
            DataType type = TYPES[column];
            if (type.is(org.apache.fluss.types.DataTypeRoot.ARRAY) || type.is(org.apache.fluss.types.DataTypeRoot.MAP)
                    || type.is(org.apache.fluss.types.DataTypeRoot.ROW)) {
                continue;
            }
            Schema.Builder schema = Schema.newBuilder().column("k", type.copy(false)).column("v", INT()).primaryKey("k");
            Table table = Session.create(schema, CatalogChecks.buckets(3));
            Session.upsert(table, List.of(GenericRow.of(row.getField(column), column)));
            Check.equal(column, Session.lookup(table, row.getField(column)).get(1));
        }
    }
}
